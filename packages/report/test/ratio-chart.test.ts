import { describe, expect, it } from 'vitest'
import { ratioChart, type RatioBar } from '../src/index.js'
import { drawingOf, marks, numberOf, placeOf, texts, textsOf } from './drawing.js'

const bars: readonly RatioBar[] = [
  { name: 'half', value: 0.5, isReached: true },
  { name: 'double', value: 2, isReached: false },
  { name: 'same', value: 1, isReached: undefined },
]
const drawn = (at: number, shown = bars) =>
  drawingOf(
    ratioChart({ title: 'CPU', sides: ['less', 'more'], bars: shown, bound: { at, label: 'target' } }),
  )

describe('ratioChart', () => {
  const [half, double] = marks(drawn(1.1), 'bar', 'rect')

  it('draws 0.5 to the left of 1 and 2 to the right, with equal lengths', () => {
    expect(numberOf(half, 'width')).toBeCloseTo(numberOf(double, 'width'), 1)
    expect(numberOf(half, 'x') + numberOf(half, 'width')).toBeCloseTo(numberOf(double, 'x'), 1)
  })

  it('draws a line at 1 and a dashed line at the bound', () => {
    const [one, bound] = marks(drawn(1.1), 'rule', 'line')
    expect(numberOf(one, 'x1')).toBeCloseTo(numberOf(double, 'x'), 1)
    expect(numberOf(bound, 'x1')).toBe(placeOf(textsOf(drawn(1.1), 'target')[0])[0])
    expect(marks(drawn(1), 'rule', 'line')).toHaveLength(1)
  })

  it('marks by colour and sign which ratios meet their target', () => {
    expect([half, double].map((bar) => bar?.getAttribute('fill'))).toEqual(['var(--good)', 'var(--bad)'])
    expect(texts(drawn(1.1))).toEqual(
      expect.arrayContaining(['0.50 ✓', '2.00 ✗', '1.00', '← less', 'more →']),
    )
  })

  it('leaves out ratios that are not on the scale', () => {
    const root = drawn(1.1, [...bars, { name: 'none', value: Infinity, isReached: undefined }])
    expect(texts(root)).not.toContain('none')
    expect(marks(root, 'bar', 'rect')).toHaveLength(3)
  })
})
