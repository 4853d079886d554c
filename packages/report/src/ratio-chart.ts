import * as Plot from '@observablehq/plot'
import { draw } from './draw.js'
import type { Html } from './html.js'
import { nameMarks, rowLayout } from './rows.js'
import { isOnScale } from './scale.js'

/** A ratio with whether it meets its target; `isReached` is `undefined` if the ratio has no target. */
export interface RatioBar {
  readonly name: string
  readonly value: number
  readonly isReached: boolean | undefined
}

/** The content of a chart of ratios. */
export interface RatioChart {
  readonly title: string
  /** The meaning of a ratio below 1, and of a ratio above 1. */
  readonly sides: readonly [below: string, above: string]
  readonly bars: readonly RatioBar[]
  /** The bound of the target, with its label. */
  readonly bound: { readonly at: number; readonly label: string }
}

/** Draws ratios as bars that start at 1, on a logarithmic scale: the bars of 0.5 and 2 have the same length. */
export function ratioChart({ title, sides, bars, bound }: RatioChart): Html {
  const shown = bars.filter(({ value }) => isOnScale(value, 'log'))
  const furthest = Math.max(1.25, ...shown.flatMap(({ value }) => [value, 1 / value]))
  const rows = shown.map((bar, row) => ({
    row,
    value: bar.value,
    text: `${bar.value.toFixed(2)}${markOf(bar)}`,
    fill: fillOf(bar),
  }))
  const [below, above] = [rows.filter(({ value }) => value < 1), rows.filter(({ value }) => value >= 1)]
  // The background around a value keeps it readable on the line of the bound.
  const value = {
    x: 'value',
    y: 'row',
    text: 'text',
    fill: 'var(--ink)',
    stroke: 'var(--ground)',
    strokeWidth: 4,
  }
  return draw(title, {
    ...rowLayout(shown, 56, 26),
    marginRight: 12,
    // The inset leaves room for the values beside the longest bars.
    x: { type: 'log', domain: [1 / furthest, furthest], axis: null, inset: 46 },
    marks: [
      Plot.text([`← ${sides[0]}`], { x: 1, frameAnchor: 'top', dy: -12, textAnchor: 'end', dx: -10 }),
      Plot.text([`${sides[1]} →`], { x: 1, frameAnchor: 'top', dy: -12, textAnchor: 'start', dx: 10 }),
      ...nameMarks(shown),
      Plot.barX(rows, { x1: 1, x2: 'value', y: 'row', fill: 'fill', rx: 2 }),
      Plot.ruleX([1], { stroke: 'var(--soft)' }),
      Plot.ruleX(bound.at === 1 ? [] : [bound.at], { stroke: 'var(--ink)', strokeDasharray: '4 3' }),
      Plot.text([bound.label], { x: bound.at, frameAnchor: 'bottom', dy: 16, fill: 'var(--ink)' }),
      Plot.text(below, { ...value, textAnchor: 'end', dx: -7 }),
      Plot.text(above, { ...value, textAnchor: 'start', dx: 7 }),
    ],
  })
}

function markOf({ isReached }: RatioBar): string {
  return isReached === undefined ? '' : isReached ? ' ✓' : ' ✗'
}

function fillOf({ isReached }: RatioBar): string {
  return isReached === undefined ? 'var(--soft)' : isReached ? 'var(--good)' : 'var(--bad)'
}
