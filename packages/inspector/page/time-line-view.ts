import { h, type ComponentChild } from 'preact'
import type { ExchangeRow } from '../src/model/exchange-row.js'
import { toTimeLines, type Marble, type TimeLine, type TimeLines } from '../src/model/time-lines.js'
import { download } from './download.js'
import { formatDuration, shorten } from './format.js'
import { svgText } from './svg-text.js'

const DEFAULT_WIDTH = 1_000
const LEFT = 190
const RIGHT = 28
const TOP = 34
const LINE = 76
const RADIUS = 9

const TONES: Readonly<Record<Marble['kind'], string>> = {
  request: 'accent',
  retry: 'warn',
  response: 'good',
  failure: 'bad',
  cancel: 'muted',
}

/** The properties of the view. */
export interface TimeLineViewProps {
  readonly rows: readonly ExchangeRow[]
  readonly onSelect: (row: ExchangeRow) => void
}

/** Shows the latest exchanges as marble diagrams: for each endpoint a line of requests, and one of responses. */
export function TimeLineView({ rows, onSelect }: TimeLineViewProps): ComponentChild {
  const timeLines = toTimeLines(rows)
  const { lines, isCut } = timeLines
  return h(
    'section',
    { class: 'detail scroll', 'aria-label': 'Time lines', tabIndex: 0 },
    h(
      'div',
      { class: 'buttons' },
      h(
        'button',
        { type: 'button', onClick: () => download('time-lines.svg', svgText('svg.time-lines')) },
        'Save the time lines',
      ),
    ),
    h(
      'p',
      { class: 'muted' },
      'Each exchange has a letter; ',
      'a dashed circle is a retry, # a failure, ! a cancel. Select one to see its exchange.',
      isCut ? ' Only the latest are drawn.' : '',
    ),
    lines.length === 0
      ? h('p', { class: 'muted' }, 'There is no exchange.')
      : h(TimeLineDiagram, { timeLines, onSelect }),
  )
}

/** The properties of the diagram. */
export interface TimeLineDiagramProps {
  readonly timeLines: TimeLines
  readonly onSelect: (row: ExchangeRow) => void
  /** The width in units of the text, of which a line is 11 high. @defaultValue 1000 */
  readonly width?: number
}

/** Draws the time lines of at least one endpoint. */
export function TimeLineDiagram({
  timeLines,
  onSelect,
  width = DEFAULT_WIDTH,
}: TimeLineDiagramProps): ComponentChild {
  const { from, to, lines } = timeLines
  const height = TOP + lines.length * LINE
  const span = Math.max(1, to - from)
  const xOf = (at: number): number => LEFT + ((at - from) / span) * (width - LEFT - RIGHT)
  return h(
    'svg',
    {
      class: 'time-lines',
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': `Time lines: ${lines.map((line) => describe(line, from)).join('; ')}`,
      'font-family': 'system-ui, sans-serif',
      'font-size': 11,
      fill: 'currentColor',
    },
    ticksOf(span).map((tick) =>
      h(
        'g',
        { key: tick },
        h('line', {
          x1: xOf(from + tick),
          x2: xOf(from + tick),
          y1: 20,
          y2: height,
          stroke: 'currentColor',
          'stroke-opacity': 0.15,
        }),
        h('text', { x: xOf(from + tick), y: 14, 'text-anchor': 'middle' }, `+${formatDuration(tick)}`),
      ),
    ),
    lines.map((line, index) =>
      h(Line, { key: line.endpoint, line, top: TOP + index * LINE, xOf, right: width - 4, onSelect }),
    ),
  )
}

function Line({
  line: { endpoint, requests, responses },
  top,
  xOf,
  right,
  onSelect,
}: {
  readonly line: TimeLine
  readonly top: number
  readonly xOf: (at: number) => number
  readonly right: number
  readonly onSelect: (row: ExchangeRow) => void
}): ComponentChild {
  return h(
    'g',
    null,
    h('text', { x: 8, y: top + 18, 'font-weight': 600 }, shorten(endpoint, 18)),
    [requests, responses].map((marbles, index) => {
      const y = top + 14 + index * 34
      return [
        h(
          'text',
          { key: `${index} name`, x: LEFT - 14, y: y + 4, 'text-anchor': 'end' },
          index === 0 ? 'requests' : 'responses',
        ),
        h('line', {
          key: `${index} line`,
          x1: LEFT - 8,
          x2: right,
          y1: y,
          y2: y,
          stroke: 'currentColor',
          'stroke-opacity': 0.5,
        }),
        marbles.map((marble, at) =>
          h(
            'g',
            {
              key: `${index} ${at}`,
              class: `marble ${TONES[marble.kind]}`,
              onClick: () => onSelect(marble.row),
            },
            h('circle', {
              cx: xOf(marble.at),
              cy: y,
              r: RADIUS,
              fill: '#ffffff',
              stroke: 'currentColor',
              'stroke-width': 1.5,
              'stroke-dasharray': marble.kind === 'retry' ? '3 2' : 'none',
            }),
            h('text', { x: xOf(marble.at), y: y + 4, 'text-anchor': 'middle' }, marble.name),
          ),
        ),
      ]
    }),
  )
}

/** Returns times from the start, at most eight, in steps of 1, 2 or 5 times a power of ten. */
function ticksOf(span: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(span / 8))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => span / each <= 8) ?? span
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, index) => index * step)
}

/** Returns the beginning of a line as text, for those who do not see it. */
function describe({ endpoint, requests, responses }: TimeLine, from: number): string {
  const list = (marbles: readonly Marble[]): string =>
    marbles
      .slice(0, 20)
      .map(({ name, at }) => `${name} at ${formatDuration(at - from)}`)
      .join(', ')
  return `${endpoint}: requests ${list(requests)}, responses ${list(responses) || 'none'}`
}
