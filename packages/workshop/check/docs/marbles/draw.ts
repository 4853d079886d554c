import { escapeHtml } from '../escape-html.js'
import { describeMarbles } from './describe.js'
import { type Mark, type Notes, type Operator, parseMarbles, type Row, type Stream } from './parse.js'

/** The width of a column, and of a character of a label. */
const COLUMN = 14
const CHARACTER = 7.3
const RADIUS = 9.5
const HUES = 5

/** The widest drawing that a page of the guide shows without scrolling, beside its outline. */
const maximumWidth = 660

/** The sizes of a diagram. */
interface Layout {
  readonly width: number
  /** Where the labels end, and the column 0 is. */
  readonly labels: number
  readonly x: (column: number) => number
  /** The last column of all rows, to which a stream that goes on is drawn. */
  readonly lastColumn: number
  /** The number of a value's colour. A request and its response are the same letter in both cases. */
  readonly hueOf: (value: string) => number
}

/**
 * Draws a marble diagram as SVG in the colours of the page.
 *
 * @throws An error if a line cannot be read, or if the drawing is too wide for a page.
 */
export function drawMarbles(text: string): string {
  const rows = parseMarbles(text)
  const layout = layoutOf(rows)
  if (layout.width > maximumWidth)
    throw new Error(`the marbles are ${layout.width} px wide: at most ${maximumWidth} px fit on a page`)
  let y = 6
  const drawn = rows.map((row) => {
    const height = heightOf(row)
    const middle = y + height / 2
    y += height
    return drawRow(row, middle, layout)
  })
  const height = y + 6
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${layout.width} ${height}" width="${layout.width}" height="${height}" ` +
    `role="img" aria-label="${escapeHtml(`Marble diagram. ${describeMarbles(rows)}`)}">${drawn.join('')}</svg>`
  )
}

function layoutOf(rows: readonly Row[]): Layout {
  const named = rows.filter((row): row is Stream | Notes => row.kind !== 'operator')
  const lastColumn = Math.max(
    ...named.map((row) =>
      row.kind === 'stream' ? row.to : Math.max(...row.notes.map(({ at, text }) => at + text.length / 2)),
    ),
  )
  const labels = Math.ceil(Math.max(...named.map(({ label }) => label.length)) * CHARACTER) + 12
  const x = (column: number): number => round(labels + RADIUS + 2 + column * COLUMN)
  const operators = rows.filter((row): row is Operator => row.kind === 'operator')
  const widest = Math.max(0, ...operators.map(({ text }) => text.length * CHARACTER + 28))
  const values = [
    ...new Set(
      rows.flatMap((row) => (row.kind === 'stream' ? valuesOf(row) : [])).map((value) => value.toLowerCase()),
    ),
  ]
  return {
    width: Math.ceil(Math.max(x(lastColumn) + RADIUS + 14, widest)),
    labels,
    x,
    lastColumn,
    hueOf: (value) => values.indexOf(value.toLowerCase()) % HUES,
  }
}

const valuesOf = ({ marks, spans }: Stream): readonly string[] => [
  ...marks.flatMap((mark) => mark.values),
  ...spans.map(({ value }) => value),
]

function heightOf(row: Row): number {
  if (row.kind === 'operator') return 38
  if (row.kind === 'notes') return 18
  const most = Math.max(1, ...row.marks.map(({ values }) => values.length))
  return 14 + most * 2 * RADIUS
}

function drawRow(row: Row, y: number, layout: Layout): string {
  if (row.kind === 'operator') return drawOperator(row, y, layout)
  const label = row.label === '' ? '' : write(row.label, 0, y, 'label')
  return `<g>${label}${row.kind === 'notes' ? drawNotes(row, y, layout) : drawStream(row, y, layout)}</g>`
}

function drawOperator({ text }: Operator, y: number, { width }: Layout): string {
  const box = `<rect class="operator" x="1" y="${y - 14}" width="${width - 2}" height="28" rx="6"/>`
  return `<g>${box}${write(text, round(width / 2), y, 'operator-name')}</g>`
}

function drawNotes({ notes }: Notes, y: number, { x }: Layout): string {
  return notes.map(({ at, text }) => write(text, x(at + (text.length - 1) / 2), y - 2, 'note')).join('')
}

function drawStream({ from, to, marks, spans }: Stream, y: number, layout: Layout): string {
  const { x, hueOf, lastColumn } = layout
  const hasEnded = marks.some(({ end }) => end === 'completes' || end === 'fails')
  const last = hasEnded ? x(to) : x(lastColumn) + RADIUS
  const head = hasEnded ? '' : `<path class="head" d="M${last} ${y - 4}l8 4-8 4z"/>`
  const axis = from === to && !hasEnded ? '' : `<path class="axis" d="M${x(from)} ${y}H${last}"/>${head}`
  const runs = spans.map(({ at, length, value }) => {
    const width = length * COLUMN
    const box = `<rect class="value hue-${hueOf(value)}" x="${x(at)}" y="${y - 8}" width="${width}" height="16" rx="3"/>`
    return box + write(value, round(x(at) + width / 2), y, 'value-name')
  })
  return axis + marks.map((mark) => drawMark(mark, y, layout)).join('') + runs.join('')
}

function drawMark({ at, values, end }: Mark, y: number, { x, hueOf }: Layout): string {
  const ending = end === undefined ? '' : drawEnd(end, x(at), y, Math.max(1, values.length))
  const circles = values.map((value, index) => {
    const middle = round(y + (index - (values.length - 1) / 2) * 2 * RADIUS)
    const circle = `<circle class="value hue-${hueOf(value)}" cx="${x(at)}" cy="${middle}" r="${RADIUS}"/>`
    return circle + write(value, x(at), middle, 'value-name')
  })
  return ending + circles.join('')
}

function drawEnd(end: NonNullable<Mark['end']>, x: number, y: number, values: number): string {
  const half = values * RADIUS + 3
  if (end === 'completes') return `<path class="completes" d="M${x} ${y - half}V${y + half}"/>`
  if (end === 'fails') return `<path class="fails" d="M${x - 7} ${y - 7}l14 14m0-14l-14 14"/>`
  if (end === 'is subscribed') return `<path class="subscribed" d="M${x} ${y - half}l5 7h-10zV${y + half}"/>`
  return `<path class="unsubscribed" d="M${x} ${y - half}V${y + half}"/>`
}

function write(text: string, x: number, y: number, name: string): string {
  return `<text class="${name}" x="${x}" y="${y}" dy="0.35em">${escapeHtml(text)}</text>`
}

const round = (value: number): number => Math.round(value * 10) / 10
