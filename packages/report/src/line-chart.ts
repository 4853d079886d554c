import * as Plot from '@observablehq/plot'
import { axisX, chartWidth, draw, grid } from './draw.js'
import { endMarks, type End } from './end-labels.js'
import { compact, fixed, widthOf } from './format.js'
import type { Html } from './html.js'
import { domainOf, isOnScale, roundSteps, type ScaleType } from './scale.js'
import { toneColour } from './theme.js'

/** A named line of points, from left to right. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
  /**
   * The colour of the line.
   *
   * @defaultValue the index of the series
   */
  readonly tone?: number
  /** Draws a heavier line. */
  readonly isFirst?: boolean
}

/** The content of a line chart. */
export interface LineChart {
  readonly title: string
  readonly x: string
  readonly y: string
  /** The scale of both axes. A linear y axis begins at 0. A logarithmic x axis labels the values that occur, drawn as dots. */
  readonly scale: ScaleType
  /** The lines; the first line is drawn above the others. */
  readonly series: readonly Series[]
  /** Labelled vertical lines. */
  readonly events?: readonly { readonly at: number; readonly label: string }[]
}

const [height, marginTop, marginBottom, marginLeft] = [310, 66, 44, 48]

/** Draws series over two axes, with the name of each series at its end. */
export function lineChart({ title, x, y, scale: type, series, events = [] }: LineChart): Html {
  const lines = series.map(({ name, points, tone, isFirst = false }, index) =>
    points
      .filter((point) => point.every((value) => isOnScale(value, type)))
      .map(([at, value]) => ({
        name,
        width: isFirst ? 3 : 1.7,
        colour: toneColour(tone ?? index),
        x: at,
        y: value,
      })),
  )
  const points = [...lines].reverse().flat()
  const xs = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b)
  const [firstX = 1, lastX = firstX] = [xs[0], xs.at(-1)]
  const domainX = firstX < lastX ? [firstX, lastX] : [firstX, firstX + 1]
  const domainY = domainOf(
    points.map((point) => point.y),
    type,
  )
  const marginRight = widthOf(series.map(({ name }) => name)) + 24
  const scales = {
    x: { type, domain: domainX, range: [marginLeft, chartWidth - marginRight] },
    // Keeps dots at the edge clear of the axis.
    y: { type, domain: domainY, range: [height - marginBottom - 6, marginTop + 6] },
  }
  const [ticks, labelled] =
    type === 'log' ? [roundSteps(domainY), { ticks: xs, text: (at: number) => fixed(at) }] : [5, {}]
  const channels = { x: 'x', y: 'y', z: 'name' } as const
  const dot = { ...channels, fill: 'colour', stroke: 'var(--ground)', r: 4, title: hoverOf }
  const eventLabel = { x: 'at', text: 'label', frameAnchor: 'top', lineAnchor: 'bottom', dy: -4 } as const
  const frame = { height, marginTop, marginBottom, marginLeft, marginRight }
  const marks = [
    Plot.gridY({ ...grid, ticks }),
    Plot.axisY({ ticks, text: compact, tickSize: 0, label: null }),
    axisX(x, labelled),
    Plot.ruleX(events, { x: 'at', stroke: 'var(--ink)', strokeDasharray: '4 3' }),
    Plot.text(events, { ...eventLabel, fill: 'var(--ink)' }),
    Plot.line(points, { ...channels, stroke: 'colour', strokeWidth: 'width' }),
    Plot.dot(type === 'log' ? points : [], dot),
    ...endMarks(
      lines.flatMap((line) => line.slice(-1)),
      scales,
    ),
  ]
  return draw(title, { ...frame, ...scales, marks }, y)
}

function hoverOf({ name, y }: End): string {
  return `${name}: ${y.toLocaleString('en', { maximumFractionDigits: 1 })}`
}
