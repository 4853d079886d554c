import { h, type ComponentChild } from 'preact'
import type { Lane, SequenceStep } from '../src/model/sequence.js'
import { formatDuration, shorten } from './format.js'

const LANES: readonly Lane[] = ['requester', 'broker', 'responder']
const WIDTH = 560
const STEP = 26
const TOP = 48

const xOf = (lane: Lane): number => 110 + LANES.indexOf(lane) * 200

/** The properties of the diagram. */
export interface SequenceDiagramProps {
  readonly steps: readonly SequenceStep[]
  readonly names: Readonly<Record<Lane, string>>
}

/** Draws the packets of an exchange between its requester, the broker and its responder. */
export function SequenceDiagram({ steps, names }: SequenceDiagramProps): ComponentChild {
  const height = TOP + steps.length * STEP + 12
  const start = steps[0]?.at ?? 0
  return h(
    'svg',
    {
      class: 'sequence',
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'aria-label': `Sequence: ${steps.map(({ text }) => text).join(', ')}`,
      'font-family': 'system-ui, sans-serif',
      'font-size': 11,
      fill: 'currentColor',
      stroke: 'none',
    },
    h(
      'defs',
      null,
      h(
        'marker',
        {
          id: 'arrow',
          viewBox: '0 0 8 8',
          refX: 7,
          refY: 4,
          markerWidth: 7,
          markerHeight: 7,
          orient: 'auto',
        },
        h('path', { d: 'M0 0L8 4L0 8Z', fill: 'currentColor' }),
      ),
    ),
    LANES.map((lane) => [
      h(
        'text',
        { key: `${lane} name`, x: xOf(lane), y: 16, 'text-anchor': 'middle', 'font-weight': 600 },
        lane,
      ),
      h(
        'text',
        { key: `${lane} client`, x: xOf(lane), y: 30, 'text-anchor': 'middle' },
        shorten(names[lane], 30),
      ),
      h('line', {
        key: `${lane} line`,
        x1: xOf(lane),
        x2: xOf(lane),
        y1: 36,
        y2: height,
        stroke: 'currentColor',
        'stroke-opacity': 0.35,
      }),
    ]),
    steps.map((step, index) => stepOf(step, index, start)),
  )
}

function stepOf({ at, from, to, text, kind }: SequenceStep, index: number, start: number): ComponentChild {
  const y = TOP + index * STEP + 10
  const time = h('text', { x: 4, y, 'fill-opacity': 0.8, 'font-size': 10 }, `+${formatDuration(at - start)}`)
  if (from === to) {
    const x = xOf(from)
    return h(
      'g',
      { key: index, class: `step-${kind}` },
      time,
      h('circle', { cx: x, cy: y - 4, r: 3 }),
      from === 'responder'
        ? h('text', { x: x - 8, y, 'text-anchor': 'end' }, shorten(text, 60))
        : h('text', { x: x + 8, y }, shorten(text, 60)),
    )
  }
  const [x1, x2] = [xOf(from), xOf(to)]
  return h(
    'g',
    { key: index, class: `step-${kind}` },
    time,
    h('line', { x1, x2, y1: y, y2: y, stroke: 'currentColor', 'marker-end': 'url(#arrow)' }),
    h('text', { x: (x1 + x2) / 2, y: y - 4, 'text-anchor': 'middle' }, shorten(text, 40)),
  )
}
