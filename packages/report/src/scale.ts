/** The scale of an axis. */
export type ScaleType = 'linear' | 'log'

/** Whether a value can be drawn on a scale. */
export function isOnScale(value: number, type: ScaleType): boolean {
  return Number.isFinite(value) && (type === 'linear' || value > 0)
}

/** Returns the limits of an axis for values: a linear axis begins at 0 unless a value is negative. */
export function domainOf(values: readonly number[], type: ScaleType): [number, number] {
  const all = type === 'linear' ? [0, ...values] : values.length === 0 ? [1] : values
  const [minimum, maximum] = [Math.min(...all), Math.max(...all)]
  return minimum < maximum ? [minimum, maximum] : [minimum, minimum === 0 ? 1 : minimum * 10]
}

/** Returns round values within a logarithmic axis; a wider axis has fewer values per power of ten. */
export function roundSteps([minimum, maximum]: readonly [number, number]): number[] {
  const ratio = maximum / minimum
  const steps = ratio > 1_000 ? [1] : ratio > 10 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9]
  const [low, high] = [Math.floor(Math.log10(minimum)), Math.floor(Math.log10(maximum))]
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
    .flatMap((power) => steps.map((step) => step * power))
    .filter((value) => value >= minimum && value <= maximum)
}
