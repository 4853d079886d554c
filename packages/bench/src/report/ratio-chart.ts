import { drawing, element, label, rule } from './svg.js'

/** A ratio, and whether it is on the right side of its bound; `undefined` where it has none. */
export interface RatioBar {
  readonly name: string
  readonly value: number
  readonly isReached: boolean | undefined
}

/** What a chart of ratios shows. */
export interface RatioChart {
  readonly title: string
  /** What lies to the left of 1, and what to the right. */
  readonly sides: readonly [left: string, right: string]
  readonly bars: readonly RatioBar[]
  /** The bound of the target. */
  readonly bound: number
}

const width = 560
const [left, right] = [176, 516]
const step = 24
const head = 58

/** Draws ratios as bars that start at 1, twice as much to the right being as long as half as much to the left. */
export function ratioChart({ title, sides, bars, bound }: RatioChart): string {
  const furthest = Math.max(1.25, ...bars.flatMap(({ value }) => [value, 1 / value]))
  const middle = (left + right) / 2
  const toX = (value: number): number =>
    middle + (Math.log(value) / Math.log(furthest)) * ((right - left) / 2 - 40)
  const bottom = head + bars.length * step
  return drawing(
    width,
    bottom + 8,
    title,
    label(0, 16, title, { class: 'title' }),
    label(middle - 10, 38, `← ${sides[0]}`, { 'text-anchor': 'end' }),
    label(middle + 10, 38, `${sides[1]} →`),
    ...(bound === 1 ? [] : [rule('mark', toX(bound), head - 4, toX(bound), bottom)]),
    ...bars.map(({ name, value, isReached }, index) => {
      const y = head + index * step
      const [from, to] = value < 1 ? [toX(value), middle] : [middle, toX(value)]
      const side = value < 1 ? { x: from - 7, anchor: 'end' } : { x: to + 7, anchor: 'start' }
      const [verdict, mark] =
        isReached === undefined ? ['plain', ''] : isReached ? ['reached', ' ✓'] : ['missed', ' ✗']
      return element(
        'g',
        {},
        label(left - 12, y + 16, name, { class: 'name', 'text-anchor': 'end' }),
        element('rect', {
          class: verdict,
          x: from,
          y: y + 4,
          width: Math.max(1, to - from),
          height: 14,
          rx: 2,
        }),
        label(side.x, y + 16, `${value.toFixed(2)}${mark}`, { class: 'value', 'text-anchor': side.anchor }),
      )
    }),
    rule('axis', middle, head - 4, middle, bottom),
  )
}
