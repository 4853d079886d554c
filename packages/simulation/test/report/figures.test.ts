import { describe, expect, it } from 'vitest'
import { estimate, estimateText } from '../../src/report/figures.js'

describe('estimate', () => {
  it('returns the mean and the half width of its 95 % confidence interval', () => {
    const { mean, margin } = estimate([2, 4, 6])
    expect(mean).toBe(4)
    expect(margin).toBeCloseTo((4.3 * 2) / Math.sqrt(3))
  })

  it('has no margin for a single run', () => {
    expect(estimate([3])).toEqual({ mean: 3, margin: undefined })
  })
})

describe('estimateText', () => {
  it('leaves out a margin that rounds to zero', () => {
    expect(estimateText({ mean: 2.114, margin: 0.02 }, 2)).toBe('2.11 ± 0.02')
    expect(estimateText({ mean: 2.114, margin: 0.004 }, 2)).toBe('2.11')
    expect(estimateText({ mean: 2.5, margin: undefined }, 1)).toBe('2.5')
  })
})
