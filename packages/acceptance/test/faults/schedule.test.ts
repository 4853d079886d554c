import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describePlan } from '../../src/faults/plan.js'
import { harmKinds, planOf } from '../../src/faults/schedule.js'

const seeds = fc.nat(1_000_000)

describe('the schedule', () => {
  it('is the same for the same seed', () => {
    fc.assert(fc.property(seeds, (seed) => void expect(planOf(seed)).toEqual(planOf(seed))))
  })

  it('begins with every kind of fault in turn, over each broker', () => {
    const plans = Array.from({ length: 2 * harmKinds.length }, (_, seed) => planOf(seed))
    const leading = plans.map(({ broker, faults }) => `${broker}: ${faults[0]?.kind ?? ''}`)
    expect(new Set(leading).size).toBe(2 * harmKinds.length)
  })

  it('keeps to a few seconds, under load before and after', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { faults, loadFor, rate } = planOf(seed)
        expect(rate).toBeGreaterThanOrEqual(500)
        expect(faults.length).toBeGreaterThanOrEqual(1)
        const ends = faults.map(({ at, lasts }) => at + lasts)
        expect(Math.min(...faults.map(({ at }) => at))).toBeGreaterThanOrEqual(300)
        expect(loadFor - Math.max(...ends)).toBeGreaterThanOrEqual(500)
        const usual = faults.every(({ lasts }) => lasts < 10_000)
        expect(loadFor).toBeLessThanOrEqual(usual ? 6_000 : 16_000)
      }),
    )
  })

  it('never harms the same process twice', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const grounds = planOf(seed).faults.map((fault) =>
          'peer' in fault ? fault.peer : 'who' in fault ? fault.who : 'broker',
        )
        expect(new Set(grounds).size).toBe(grounds.length)
      }),
    )
  })

  it('asks again wherever something must be lost on the way', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { broker, faults, asking: requesting } = planOf(seed)
        const loses = faults.some(
          ({ kind }) =>
            ['session dropped', 'corrupted', 'clock set'].includes(kind) ||
            (broker === 'mosquitto' && kind === 'broker killed'),
        )
        if (loses) expect(requesting.style).toBe('again')
      }),
    )
  })

  it('stops processes for 10 s now and then', () => {
    const plans = Array.from({ length: 200 }, (_, seed) => planOf(seed))
    expect(plans.filter(({ faults }) => faults.some(({ lasts }) => lasts === 10_000)).length).toBeGreaterThan(
      2,
    )
  })

  it('tells a run in a line', () => {
    expect(describePlan(planOf(5))).toMatch(
      /^seed 5: embedded, asked (once|again): \d+–\d+ ms connection cut \(/,
    )
  })
})
