import { describe, expect, it } from 'vitest'
import { barChart } from '../src/index.js'
import { drawingOf, elements, marks, numberOf, placeOf, textsOf, texts } from './drawing.js'

const root = drawingOf(
  barChart({
    title: 'CPU per request, µs',
    legend: ['requester', 'responder'],
    bars: [
      { name: 'Antiphon', tone: 0, parts: [10, 20], text: '30.0', isFirst: true },
      { name: 'Map', tone: 1, parts: [30, 30], text: '60.0 · 3 lost', isBad: true },
      { name: 'Map', tone: 1, parts: [], text: `died: ${'why '.repeat(40)}`, isBad: true },
    ],
  }),
)
const bars = marks(root, 'bar', 'rect')

describe('barChart', () => {
  it('draws the parts of a bar side by side, with lengths in proportion to their values', () => {
    const [first, second, third] = bars
    expect(bars).toHaveLength(4)
    expect(numberOf(second, 'x')).toBeCloseTo(numberOf(first, 'x') + numberOf(first, 'width'), 1)
    expect(numberOf(second, 'width') / numberOf(first, 'width')).toBeCloseTo(2, 1)
    expect(numberOf(third, 'width') / numberOf(first, 'width')).toBeCloseTo(3, 1)
  })

  it('draws bars in their tones and parts in different opacities', () => {
    expect(bars.map((bar) => [bar.getAttribute('fill'), numberOf(bar, 'fill-opacity')])).toEqual([
      ['var(--tone-0)', 1],
      ['var(--tone-0)', 0.5],
      ['var(--tone-1)', 1],
      ['var(--tone-1)', 0.5],
    ])
  })

  it('writes a legend of the parts and the name of each bar, also for two bars of the same name', () => {
    expect(texts(root)).toEqual(
      expect.arrayContaining(['CPU per request, µs', 'requester', 'responder', 'Antiphon']),
    )
    const heights = textsOf(root, 'Map').map((name) => placeOf(name)[1])
    expect(heights[1]).toBeGreaterThan(heights[0] ?? NaN)
  })

  it('writes the value at the end of the bar', () => {
    const [value] = textsOf(root, '30.0')
    expect(placeOf(value)[0]).toBeCloseTo(numberOf(bars[1], 'x') + numberOf(bars[1], 'width'), 1)
    expect(textsOf(root, '60.0 · 3 lost')[0]?.getAttribute('fill')).toBe('var(--bad)')
  })

  it('writes the reason for a missing bar, and truncates a long reason', () => {
    const reason = elements(root, 'text').find(({ textContent }) => textContent?.startsWith('died: '))
    expect(reason?.firstChild?.nodeValue).toMatch(/^died: .{20,60}…$/)
    expect(reason?.getElementsByTagName('title')[0]?.textContent).toMatch(/(why ){40}/)
  })

  it('draws bars of length 0 without NaN', () => {
    const none = barChart({ title: 't', bars: [{ name: 'a', tone: 0, parts: [0], text: '0' }] })
    for (const chart of [none, barChart({ title: 't', bars: [] })])
      expect(chart.markup).not.toMatch(/NaN|Infinity/)
  })
})
