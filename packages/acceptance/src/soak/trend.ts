/** The slope of the straight line that fits points best (least squares). */
export interface Trend {
  /** The growth of y per unit of x. */
  readonly slope: number
  /** The uncertainty of the slope: three times its standard error. */
  readonly uncertainty: number
}

/** Fits a line to points. Without two different x values the slope is 0 and its uncertainty infinite. */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const count = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (!(spread > 0)) return { slope: 0, uncertainty: Infinity }
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  const uncertainty = count > 2 ? 3 * Math.sqrt(residual / (count - 2) / spread) : Infinity
  return { slope, uncertainty }
}
