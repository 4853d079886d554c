import { shape } from './element.js'
import { glyph } from './glyph.js'
import { axisHeight, bandHeight, laneHeight, lanes, type Band, type Bar, type Timeline } from './timeline.js'

const bottom = bandHeight + lanes * laneHeight
const glyphSize = 14

/** The height of the timeline in pixels. */
export const timelineHeight: number = bottom + axisHeight

/** Draws the timeline as SVG elements. */
export function drawTimeline({ ticks, bands, bars }: Timeline): readonly Element[] {
  return [
    ...ticks.map(({ x }) => shape('line', { class: 'tick', x1: x, x2: x, y1: bandHeight, y2: bottom })),
    ...ticks.map(({ x, label }) =>
      shape('text', { class: 'tick-label', x, y: timelineHeight - 5, 'text-anchor': 'end' }, label),
    ),
    ...bands.map(drawBand),
    ...bars.map(drawBar),
  ]
}

function drawBand({ x, width, status, label }: Band): Element {
  return shape(
    'g',
    { class: 'band', 'data-status': status },
    shape('rect', { x, width, y: 0, height: bandHeight - 6 }),
    shape('text', { x: x + width / 2, y: 12, 'text-anchor': 'middle' }, label),
  )
}

function drawBar({ x, width, y, outcome, label, anchor }: Bar): Element {
  const barY = y + 24
  return shape(
    'g',
    { class: 'bar', 'data-outcome': outcome },
    shape('text', { x: anchor === 'start' ? x : x + width, y: y + 14, 'text-anchor': anchor }, label),
    shape('rect', { x, width, y: barY, height: 6, rx: 3 }),
    glyph(outcome, {
      x: x + width - glyphSize,
      y: barY + 3 - glyphSize / 2,
      width: glyphSize,
      height: glyphSize,
    }),
  )
}
