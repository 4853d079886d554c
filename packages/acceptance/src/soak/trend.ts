/** The straight line that fits points best (least squares). */
export interface Trend {
  /** What y grows by for each unit of x. */
  readonly slope: number
  /** How far off the slope may well be: three times its standard error. */
  readonly doubt: number
}

/** Fits a line; without two different x there is no slope. */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const count = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (!(spread > 0)) return { slope: 0, doubt: Infinity }
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  const doubt = count > 2 ? 3 * Math.sqrt(rest / (count - 2) / spread) : Infinity
  return { slope, doubt }
}
