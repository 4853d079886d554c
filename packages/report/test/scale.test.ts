import { describe, expect, it } from 'vitest'
import { compact } from '../src/index.js'
import { domainOf, roundSteps } from '../src/scale.js'

describe('roundSteps', () => {
  it.each([
    [
      [45, 102],
      [50, 60, 70, 80, 90, 100],
    ],
    [
      [1_500, 27_000],
      [2_000, 5_000, 10_000, 20_000],
    ],
    [
      [13, 70_000],
      [100, 1_000, 10_000],
    ],
  ] as const)('returns round values within %j', (domain, steps) => {
    expect(roundSteps(domain)).toEqual(steps)
  })
})

describe('domainOf', () => {
  it.each([
    ['linear', [3, 7], [0, 7]],
    ['linear', [-2, 7], [-2, 7]],
    ['log', [3, 7], [3, 7]],
    ['log', [3], [3, 30]],
    ['linear', [], [0, 1]],
    ['log', [], [1, 10]],
  ] as const)('returns for a %s axis with values %j the limits %j', (type, values, domain) => {
    expect(domainOf(values, type)).toEqual(domain)
  })
})

describe('compact', () => {
  it('abbreviates thousands and keeps fractions', () => {
    expect([0, 0.5, 200, 1_500, 1_000_000].map(compact)).toEqual(['0', '0.5', '200', '1.5K', '1M'])
  })
})
