import * as Plot from '@observablehq/plot'
import { axisX, draw, grid } from './draw.js'
import { compact } from './format.js'
import type { Html } from './html.js'
import { nameMarks, rowLayout } from './rows.js'
import { toneColour } from './theme.js'

/** The content of a dot chart. */
export interface DotChart {
  readonly title: string
  readonly x: string
  readonly rows: readonly { readonly name: string; readonly values: readonly number[] }[]
}

/** Draws a row of dots for each name, on a logarithmic scale. Values below 1 are drawn at 1. */
export function dotChart({ title, x, rows }: DotChart): Html {
  const dots = rows.flatMap(({ name, values }, row) =>
    values
      .filter(Number.isFinite)
      .map((value) => ({ row, at: Math.max(1, value), hover: `${name}: ${compact(value)}` })),
  )
  const maximum = 10 ** Math.ceil(Math.log10(Math.max(10, ...dots.map(({ at }) => at))))
  const powers = Array.from({ length: Math.log10(maximum) + 1 }, (_, power) => 10 ** power)
  return draw(title, {
    ...rowLayout(rows, 34, 48),
    marginRight: 20,
    x: { type: 'log', domain: [1, maximum], insetLeft: 8 },
    marks: [
      Plot.gridX(powers, grid),
      axisX(x, { ticks: powers, text: compact }),
      ...nameMarks(rows),
      Plot.dot(dots, { x: 'at', y: 'row', r: 4, fill: toneColour(0), fillOpacity: 0.5, title: 'hover' }),
    ],
  })
}
