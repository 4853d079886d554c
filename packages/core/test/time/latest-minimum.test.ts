import { describe, expect, it } from 'vitest'
import { LatestMinimum } from '../../src/time/latest-minimum.js'

/** Adds values at their times. */
function withValues(...values: readonly (readonly [value: number, now: number])[]): LatestMinimum {
  const minimum = new LatestMinimum(1_000)
  for (const [value, now] of values) minimum.add(value, now)
  return minimum
}

describe('the lowest of the latest values', () => {
  it('is Infinity without a value', () => {
    expect(withValues().at(0)).toBe(Infinity)
    expect(withValues().at(10_000)).toBe(Infinity)
  })

  it('is the lowest of this period and the one before', () => {
    expect(withValues([5, 0], [3, 100], [4, 200]).at(999)).toBe(3)
    expect(withValues([3, 0], [5, 1_000]).at(1_999)).toBe(3)
    expect(withValues([3, 0], [5, 1_000]).at(2_000)).toBe(5)
    expect(withValues([5, 0], [3, 1_000]).at(2_999)).toBe(3)
  })

  it('is forgotten after two periods without a value', () => {
    const minimum = withValues([3, 0])
    expect(minimum.at(1_999)).toBe(3)
    expect(withValues([3, 0]).at(2_000)).toBe(Infinity)
    minimum.add(7, 5_000)
    expect(minimum.at(5_000)).toBe(7)
  })
})
