import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers } from '../../src/topic/covers.js'
import { isMatch } from '../../src/topic/is-match.js'
import { runs } from '../codec/runs.js'
import { anyFilters } from './arbitraries.js'
import { universe } from './reference.js'

describe('covers', () => {
  it.each([
    ['a/#', 'a/b/+', true],
    ['a/#', 'a', true],
    ['a/+', 'a/+', true],
    ['a/+', 'a/#', false],
    ['a/+/#', 'a/#', false],
    ['+/#', '#', true],
    ['/+/#', '/#', true],
    ['#', '$SYS/#', false],
    ['+/a', '$x/a', false],
    ['$SYS/#', '$SYS/+', true],
    ['vehicles/unlock/res/m1/#', '$share/g/vehicles/unlock/res/m1/+', true],
    ['$share/g/a/+', 'a/b', true],
  ])('returns for %s over %s: %s', (a, b, expected) => {
    expect(covers(a, b)).toBe(expected)
  })

  it('is true if and only if the first filter matches every topic of the second', () => {
    fc.assert(
      fc.property(anyFilters, anyFilters, (a, b) => {
        const isCovered = universe.every((topic) => !isMatch(b, topic) || isMatch(a, topic))
        expect(covers(a, b)).toBe(isCovered)
      }),
      runs,
    )
  })
})
