import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import { overlaps } from '../../src/topic/overlaps.js'
import { runs } from '../codec/runs.js'
import { anyFilters } from './arbitraries.js'
import { universe } from './reference.js'

describe('overlaps', () => {
  it.each([
    ['a/+', '+/b', true],
    ['a/#', 'a', true],
    ['a/+', 'a/b/c', false],
    ['a/b', 'a/c', false],
    ['+', '/#', false],
    ['+/+', '/#', true],
    ['#', '$SYS/#', false],
    ['$SYS/#', '$SYS/+/x', true],
    ['vehicles/v1/telemetry/#', 'vehicles/+/telemetry/#', true],
    ['$share/g/a', 'a', true],
  ])('returns for %s and %s: %s', (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected)
    expect(overlaps(b, a)).toBe(expected)
  })

  it('is true if and only if some topic matches both filters', () => {
    fc.assert(
      fc.property(anyFilters, anyFilters, (a, b) => {
        expect(overlaps(a, b)).toBe(universe.some((topic) => isMatch(a, topic) && isMatch(b, topic)))
      }),
      runs,
    )
  })
})
