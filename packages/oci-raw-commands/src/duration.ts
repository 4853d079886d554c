const units = { D: 86_400_000, H: 3_600_000, M: 60_000, S: 1_000, W: 604_800_000 } as const

const pattern = /^P(?:(\d+)W|(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?)$/

/**
 * The milliseconds of an ISO 8601 duration in weeks, or in days, hours, minutes and seconds, such as `PT1H30M` or `P1D`;
 * `undefined` where it is none. Years and months, whose length depends on when they begin, are none, nor is zero.
 */
export function durationOf(text: string): number | undefined {
  const found = pattern.exec(text)
  if (found === null) return undefined
  const [, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found
  const total =
    Number(weeks) * units.W +
    Number(days) * units.D +
    Number(hours) * units.H +
    Number(minutes) * units.M +
    Number(seconds) * units.S
  return total > 0 && Number.isSafeInteger(Math.round(total)) ? total : undefined
}
