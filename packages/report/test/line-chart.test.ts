import { describe, expect, it } from 'vitest'
import { lineChart, type LineChart } from '../src/index.js'
import { drawingOf, elements, marks, numberOf, placeOf, texts, textsOf } from './drawing.js'

const chart: LineChart = {
  title: 'Requests per second',
  x: 'in flight',
  y: 'per second',
  scale: 'log',
  series: [
    { name: 'Antiphon', tone: 3, isFirst: true, points: [[1, 100], [10, 1_000], [100, 10_000]] }, // prettier-ignore
    { name: 'Map', points: [[1, 200], [10, 900]] }, // prettier-ignore
  ],
}
const drawn = (changes: Partial<LineChart> = {}) => drawingOf(lineChart({ ...chart, ...changes }))

describe('lineChart', () => {
  it('draws one line per series in its tone, the first line heavier and on top', () => {
    const lines = marks(drawn(), 'line', 'path')
    expect(lines.map((line) => line.getAttribute('stroke'))).toEqual(['var(--tone-1)', 'var(--tone-3)'])
    expect(lines.map((line) => numberOf(line, 'stroke-width'))).toEqual([1.7, 3])
  })

  it('draws equal ratios at equal distances on logarithmic axes', () => {
    const dots = marks(drawn(), 'dot', 'circle').slice(-3)
    const [a, b, c] = dots.map((dot) => [numberOf(dot, 'cx'), numberOf(dot, 'cy')] as const)
    for (const axis of [0, 1] as const)
      expect((c?.[axis] ?? NaN) - (b?.[axis] ?? NaN)).toBeCloseTo((b?.[axis] ?? NaN) - (a?.[axis] ?? NaN), 0)
  })

  it('begins a linear y axis at 0', () => {
    const linear = drawn({ scale: 'linear', series: [{ name: 'heap', points: [[0, 50], [1, 100]] }] }) // prettier-ignore
    const [line] = marks(linear, 'line', 'path')
    const [, low = NaN, high = NaN] =
      /^M.*,(.+)L.*,(.+)$/.exec(line?.getAttribute('d') ?? '')?.map(Number) ?? []
    const [zero = NaN] = textsOf(linear, '0').map((tick) => placeOf(tick)[1])
    expect(zero - low).toBeCloseTo(low - high, 0)
  })

  it('labels both axes, every x value that occurs, and round y values', () => {
    const shown = texts(drawn())
    for (const text of [
      'Requests per second',
      'in flight',
      'per second',
      '1',
      '10',
      '100',
      '1K',
      '10K',
      '500',
    ])
      expect(shown).toContain(text)
  })

  it('writes the name of each line at its end in its colour', () => {
    const [name] = textsOf(drawn(), 'Antiphon')
    expect(name?.getAttribute('fill')).toBe('var(--tone-3)')
    const last = marks(drawn(), 'dot', 'circle').at(-1)
    expect(placeOf(name)).toEqual([numberOf(last, 'cx'), numberOf(last, 'cy')])
  })

  it('separates the names of lines that end together, and keeps them within the chart', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const series = names.map((name, index) => ({ name, points: [[1, 10], [2, 100 + index]] as const })) // prettier-ignore
    const low = { name: 'low', points: [[1, 10], [2, 10]] as const } // prettier-ignore
    const root = drawn({ series: [...series, low] })
    const heights = [...names, 'low'].map((name) => placeOf(textsOf(root, name)[0])[1]).sort((a, b) => a - b)
    for (const [index, height] of heights.slice(1).entries())
      expect(height - (heights[index] ?? NaN)).toBeGreaterThanOrEqual(14.9)
    expect(heights.at(-1)).toBeLessThan(numberOf(root, 'height'))
  })

  it('connects the end of a shorter line to its name', () => {
    const leads = marks(drawn(), 'link', 'path')
    expect(leads).toHaveLength(1)
  })

  it('gives each point a title with its value', () => {
    expect(elements(drawn(), 'title').map(({ textContent }) => textContent)).toContain('Map: 900')
  })

  it('draws dots at the values of a logarithmic axis, and no dots on a linear axis', () => {
    expect(marks(drawn(), 'dot', 'circle')).toHaveLength(5)
    expect(marks(drawn({ scale: 'linear' }), 'dot', 'circle')).toEqual([])
  })

  it('marks an event with a dashed line and its label', () => {
    const root = drawn({ events: [{ at: 10, label: 'a node is killed' }] })
    const [rule] = marks(root, 'rule', 'line')
    expect(numberOf(rule, 'x1')).toBe(placeOf(textsOf(root, 'a node is killed')[0])[0])
    expect(marks(drawn(), 'rule', 'line')).toEqual([])
  })

  it.each([
    ['no series', []],
    ['no points', [{ name: 'a', points: [] }]],
    ['one point', [{ name: 'a', points: [[0, 3]] }]],
    ['values that are not on the scale', [{ name: 'a', points: [[1, NaN], [Infinity, 2], [3, 0]] }]], // prettier-ignore
  ] as const)('draws %s without NaN', (_, series) => {
    for (const scale of ['linear', 'log'] as const)
      expect(lineChart({ ...chart, scale, series }).markup).not.toMatch(/NaN|Infinity|undefined/)
  })
})
