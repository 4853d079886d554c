import * as Plot from '@observablehq/plot'

/** The last point of a line. */
export interface End {
  readonly name: string
  readonly colour: string
  readonly x: number
  readonly y: number
}

/** A scale with its limits in values and in pixels. */
type ScaleEnds = Plot.ScaleOptions & { readonly domain: readonly number[]; readonly range: readonly number[] }

const labelGap = 15

/** Writes the names of lines to the right of the chart, with a thin connector to each line that ends earlier. */
export function endMarks(
  ends: readonly End[],
  { x, y }: Readonly<Record<'x' | 'y', ScaleEnds>>,
): Plot.Markish[] {
  const [right = 0, edge = 0, bottom = 0] = [x.domain[1], x.range[1], y.range[0]]
  const [toX, toY] = [Plot.scale({ x }), Plot.scale({ y })]
  const heights = spread(
    ends.map((end) => Number(toY.apply(end.y))),
    bottom,
  )
  const labels = ends.map((end, index) => ({ ...end, labelY: Number(toY.invert?.(heights[index] ?? NaN)) }))
  const early = labels.filter((label) => edge - Number(toX.apply(label.x)) > labelGap)
  const text = { text: 'name', fill: 'colour', fontWeight: 600, textAnchor: 'start', dx: 12 } as const
  return [
    Plot.link(early, { x1: 'x', x2: right, y1: 'y', y2: 'labelY', stroke: 'var(--line)' }),
    Plot.text(labels, { x: right, y: 'labelY', ...text }),
  ]
}

/** Moves the heights of labels apart until the labels do not overlap; keeps their order. */
function spread(heights: readonly number[], bottom: number): number[] {
  const moved = [...heights]
  const order = heights.map((_, index) => index).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0))
  let limit = -Infinity
  for (const index of order) limit = (moved[index] = Math.max(moved[index] ?? 0, limit)) + labelGap
  limit = bottom
  for (const index of order.reverse()) limit = (moved[index] = Math.min(moved[index] ?? 0, limit)) - labelGap
  return moved
}
