/** How an axis turns values into places. */
export type ScaleType = 'linear' | 'log'

/** Returns whether a value has a place on a scale. */
export function isOnScale(value: number, type: ScaleType): boolean {
  return Number.isFinite(value) && (type === 'linear' || value > 0)
}

/** Returns the ends of an axis for values: a linear one begins at 0 unless a value is below it. */
export function domainOf(values: readonly number[], type: ScaleType): [number, number] {
  const all = type === 'linear' ? [0, ...values] : values.length === 0 ? [1] : values
  const [least, most] = [Math.min(...all), Math.max(...all)]
  return least < most ? [least, most] : [least, least === 0 ? 1 : least * 10]
}

/** Returns the round values within a logarithmic axis: the wider it is, the fewer of each power of ten. */
export function roundSteps([least, most]: readonly [number, number]): number[] {
  const ratio = most / least
  const steps = ratio > 1_000 ? [1] : ratio > 10 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9]
  const [low, high] = [Math.floor(Math.log10(least)), Math.floor(Math.log10(most))]
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
    .flatMap((power) => steps.map((step) => step * power))
    .filter((value) => value >= least && value <= most)
}
