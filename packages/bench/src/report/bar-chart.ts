import { drawing, element, escaped, label, rule } from './svg.js'
import { paint } from './theme.js'

/** A bar: one part, or two stacked; or why there is none. */
export interface Bar {
  readonly name: string
  /** Whose colour it has; the name's when left out. */
  readonly of?: string
  readonly parts: readonly number[]
  readonly value: string
  readonly isFirst?: boolean
  readonly isBad?: boolean
}

/** What a bar chart shows. */
export interface BarChart {
  readonly title: string
  /** What the parts of a bar are, from left to right. */
  readonly legend?: readonly string[]
  readonly bars: readonly Bar[]
  /** Values to draw a line at, with what they mean. */
  readonly marks?: readonly { readonly at: number; readonly text: string }[]
}

const width = 560
const left = 190
const right = 470
const step = 26
const thick = 15

/** Draws bars from left to right, one below the other. */
export function barChart({ title, legend = [], bars, marks = [] }: BarChart): string {
  const most = Math.max(...bars.map(({ parts }) => sum(parts)), ...marks.map(({ at }) => at), 1e-9)
  const toX = (value: number): number => left + (value / most) * (right - left)
  const head = 34 + (legend.length > 0 ? 22 : 0) + (marks.length > 0 ? 18 : 0)
  const bottom = head + bars.length * step
  return drawing(
    width,
    bottom + 8,
    title,
    label(0, 16, title, { class: 'title' }),
    legend.length === 0 ? '' : legendOf(legend),
    ...marks.flatMap(({ at, text }) => [
      rule('mark', toX(at), head - 4, toX(at), bottom),
      label(toX(at), head - 9, text, { 'text-anchor': 'middle' }),
    ]),
    ...bars.map((bar, index) => drawn(bar, head + index * step, toX)),
    rule('axis', left, head - 2, left, bottom),
  )
}

function drawn(
  { name, of = name, parts, value, isFirst = false, isBad = false }: Bar,
  y: number,
  toX: (value: number) => number,
): string {
  let end = 0
  const boxes = parts.map((part, index) => {
    const x = toX(end)
    end += part
    const className = index === 0 ? 'bar' : 'bar second'
    return element('rect', {
      class: className,
      x,
      y: y + 4,
      width: Math.max(0, toX(end) - x),
      height: thick,
      rx: 2,
    })
  })
  const emphasis = isFirst ? ' first' : ''
  return element(
    'g',
    { class: paint(of) },
    element('title', {}, escaped(`${name}: ${value}`)),
    label(left - 10, y + 16, name, { class: `name${emphasis}`, 'text-anchor': 'end' }),
    ...boxes,
    label(toX(end) + 8, y + 16, value, { class: isBad ? 'bad' : `value${emphasis}` }),
  )
}

function legendOf(names: readonly string[]): string {
  return names
    .map((name, index) => {
      const x = left + index * 110
      const box = element('rect', {
        class: index === 0 ? 'bar' : 'bar second',
        x,
        y: 30,
        width: 12,
        height: 12,
        rx: 2,
      })
      return element('g', { class: paint('') }, box, label(x + 18, 40, name))
    })
    .join('')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
