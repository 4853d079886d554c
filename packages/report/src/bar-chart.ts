import * as Plot from '@observablehq/plot'
import { draw } from './draw.js'
import { widthOf } from './format.js'
import type { Html } from './html.js'
import { nameMarks, rowLayout, weighted } from './rows.js'
import { toneColour } from './theme.js'

/** Opacities of the parts of a bar. */
const opacities: readonly number[] = [1, 0.5]

/** A bar of one part or two, one after the other. Without parts, the text says why. */
export interface Bar {
  readonly name: string
  readonly tone: number
  readonly parts: readonly number[]
  /** Stands at the end of the bar. */
  readonly text: string
  readonly isFirst?: boolean
  readonly isBad?: boolean
}

/** The parts of a bar chart. */
export interface BarChart {
  readonly title: string
  /** Names of the parts of a bar, from left to right. */
  readonly legend?: readonly string[]
  readonly bars: readonly Bar[]
}

/** Draws bars from left to right, one below the other. */
export function barChart({ title, legend = [], bars }: BarChart): Html {
  const parts = bars.flatMap(({ parts: own, tone, name, text }, row) =>
    own.map((value, index) => ({
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
    marginRight: 14 + widthOf(bars.filter(({ parts: { length } }) => length > 0).map((each) => each.text)),
    x: { axis: null, domain: [0, Math.max(1e-9, ...ends.map(({ end }) => end))] },
    marks: [
      ...legend.flatMap(legendMarks),
      Plot.barX(parts, bar),
      Plot.ruleX([0], { stroke: 'var(--soft)' }),
      ...nameMarks(bars),
      // A reason why a bar is missing can be long.
      ...weighted(ends, { ...text, lineWidth: 30, textOverflow: 'ellipsis' }),
    ],
  })
}

function legendMarks(name: string, index: number): Plot.Markish[] {
  const [place, left] = [{ frameAnchor: 'top-left', dy: -12 } as const, index * 110]
  const swatch = { symbol: 'square', r: 6, fill: toneColour(7), fillOpacity: opacities[index] ?? 1 } as const
  return [
    Plot.dot([name], { ...place, ...swatch, dx: left + 6 }),
    Plot.text([name], { ...place, lineAnchor: 'middle', dx: left + 18 }),
  ]
}
