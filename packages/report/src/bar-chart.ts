import * as Plot from '@observablehq/plot'
import { draw } from './draw.js'
import { widthOf } from './format.js'
import type { Html } from './html.js'
import { nameMarks, rowLayout, weighted } from './rows.js'
import { toneColour } from './theme.js'

/** Opacities of the parts of a bar. */
const opacities: readonly number[] = [1, 0.5]

/** A bar of one or two parts. If a bar has no parts, its text is the reason. */
export interface Bar {
  readonly name: string
  readonly tone: number
  readonly parts: readonly number[]
  /** The text at the end of the bar. */
  readonly text: string
  /** Writes name and text in bold. */
  readonly isFirst?: boolean
  /** Writes the text in the colour of failures. */
  readonly isBad?: boolean
}

/** The content of a bar chart. */
export interface BarChart {
  readonly title: string
  /** Names of the parts of a bar, from left to right. */
  readonly legend?: readonly string[]
  readonly bars: readonly Bar[]
}

/** Draws bars from left to right, one below the other. */
export function barChart({ title, legend = [], bars }: BarChart): Html {
  const parts = bars.flatMap(({ parts: values, tone, name, text }, row) =>
    values.map((value, index) => ({
      row,
      value,
      fill: toneColour(tone),
      opacity: opacities[index],
      hover: `${name}: ${text}`,
    })),
  )
  const ends = bars.map((bar, row) => ({
    ...bar,
    row,
    end: bar.parts.reduce((sum, part) => sum + part, 0),
    fill: bar.isBad === true ? 'var(--bad)' : 'var(--ink)',
  }))
  const bar = { x: 'value', y: 'row', fill: 'fill', fillOpacity: 'opacity', title: 'hover', rx: 2 }
  const text = { x: 'end', y: 'row', text: 'text', fill: 'fill', textAnchor: 'start', dx: 6 } as const
  return draw(title, {
    ...rowLayout(bars, legend.length > 0 ? 56 : 34, 8),
    marginRight: 14 + widthOf(bars.filter(({ parts: { length } }) => length > 0).map((shown) => shown.text)),
    x: { axis: null, domain: [0, Math.max(1e-9, ...ends.map(({ end }) => end))] },
    marks: [
      ...legend.flatMap(legendMarks),
      Plot.barX(parts, bar),
      Plot.ruleX([0], { stroke: 'var(--soft)' }),
      ...nameMarks(bars),
      // The reason for a missing bar can be long.
      ...weighted(ends, { ...text, lineWidth: 30, textOverflow: 'ellipsis' }),
    ],
  })
}

function legendMarks(name: string, index: number): Plot.Markish[] {
  const [position, left] = [{ frameAnchor: 'top-left', dy: -12 } as const, index * 110]
  const swatch = { symbol: 'square', r: 6, fill: toneColour(7), fillOpacity: opacities[index] ?? 1 } as const
  return [
    Plot.dot([name], { ...position, ...swatch, dx: left + 6 }),
    Plot.text([name], { ...position, lineAnchor: 'middle', dx: left + 18 }),
  ]
}
