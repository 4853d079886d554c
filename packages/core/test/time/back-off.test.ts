import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linkOver, type Transport } from '@antiphon/core/link'
import { backOff } from '../../src/time/back-off.js'
import { runs } from '../codec/runs.js'

describe('backOff', () => {
  it('doubles from 250 ms up to 30 s without jitter', () => {
    const wait = backOff({ random: () => 0 })
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 5_000].map(wait)).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000,
    ])
  })

  it('subtracts up to half of the delay as jitter by default', () => {
    const chances = [0, 0.5, 0.999_999]
    const waits = chances.map((chance) => backOff({ initial: 1_000, random: () => chance })(1))
    expect(waits).toEqual([1_000, 750, 500])
  })

  it('draws a random number for every delay', () => {
    const chances = [0.2, 0.4, 0.6]
    const wait = backOff({ initial: 1_000, factor: 1, jitter: 1, random: () => chances.shift() ?? 0 })
    expect([1, 2, 3].map(wait)).toEqual([800, 600, 400])
  })

  it('stays between the least and the maximum delay for all valid options', () => {
    const options = fc.record({
      initial: fc.double({ min: 0, max: 1e6, noNaN: true }),
      more: fc.double({ min: 0, max: 1e6, noNaN: true }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    })
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 1, max: 5_000 }),
        ({ initial, more, factor, jitter, chance }, failures) => {
          const maximum = initial + more
          const wait = backOff({ initial, maximum, factor, jitter, random: () => chance })(failures)
          expect(wait).toBeGreaterThanOrEqual(Math.floor(initial * (1 - jitter)))
          expect(wait).toBeLessThanOrEqual(Math.ceil(maximum))
        },
      ),
      runs,
    )
  })

  it('returns 0, not NaN, if the initial delay is 0', () => {
    const wait = backOff({ initial: 0, maximum: 0 })
    expect([1, 2, 1_024, 1_100, 100_000].map(wait)).toEqual([0, 0, 0, 0, 0])
  })

  it.each([
    [{ initial: -1 }, /reconnect\.initial is -1/],
    [{ initial: Number.NaN }, /reconnect\.initial is NaN/],
    [{ initial: 10, maximum: 9 }, /reconnect\.maximum is 9: .*10/],
    [{ initial: 30_001 }, /reconnect\.maximum is 30000: .*30001/],
    [{ maximum: 249 }, /reconnect\.maximum is 249: .*250/],
    [{ factor: 0.5 }, /reconnect\.factor is 0.5/],
    [{ jitter: 1.1 }, /reconnect\.jitter is 1.1/],
    [{ jitter: -0.1 }, /reconnect\.jitter is -0.1/],
    [{ random: 0.5 as never }, /reconnect\.random is 0.5/],
  ])('rejects invalid back-off options %j', (reconnect, message) => {
    const make = (): unknown => linkOver({} as Transport, { reconnect })
    expect(make).toThrow(message)
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
