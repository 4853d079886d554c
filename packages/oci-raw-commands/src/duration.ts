const units = { D: 86_400_000, H: 3_600_000, M: 60_000, S: 1_000, W: 604_800_000 } as const

const pattern = /^P(?:(\d+)W|(?=\d|T\d)(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?)$/

/**
 * Converts an ISO 8601 duration in weeks, or in days, hours, minutes and seconds, such as `PT1H30M` or `P1D`, to
 * milliseconds. Returns `undefined` for any other text, for zero, and for years and months, whose length varies.
 */
export function durationOf(text: string): number | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
  const total =
    Number(weeks) * units.W +
    Number(days) * units.D +
    Number(hours) * units.H +
    Number(minutes) * units.M +
    Number(seconds) * units.S
  return total > 0 && Number.isSafeInteger(Math.round(total)) ? total : undefined
}
