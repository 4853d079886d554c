import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describePlan } from '../../src/faults/run/plan.js'
import { faultKinds, planOf } from '../../src/faults/schedule.js'

const seeds = fc.nat(1_000_000)

describe('planOf', () => {
  it('returns the same plan for the same seed', () => {
    fc.assert(fc.property(seeds, (seed) => void expect(planOf(seed)).toEqual(planOf(seed))))
  })

  it('starts successive plans with every kind of fault, over each broker', () => {
    const plans = Array.from({ length: 2 * faultKinds.length }, (_, seed) => planOf(seed))
    const firstFaults = plans.map(({ broker, faults }) => `${broker}: ${faults[0]?.kind ?? ''}`)
    expect(new Set(firstFaults).size).toBe(2 * faultKinds.length)
  })

  it('limits a plan to a few seconds, with load before and after the faults', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { faults, loadDuration, rate } = planOf(seed)
        expect(rate).toBeGreaterThanOrEqual(500)
        expect(faults.length).toBeGreaterThanOrEqual(1)
        const ends = faults.map(({ at, duration }) => at + duration)
        expect(Math.min(...faults.map(({ at }) => at))).toBeGreaterThanOrEqual(300)
        expect(loadDuration - Math.max(...ends)).toBeGreaterThanOrEqual(500)
        const isShort = faults.every(({ duration }) => duration < 10_000)
        expect(loadDuration).toBeLessThanOrEqual(isShort ? 6_000 : 16_000)
      }),
    )
  })

  it('injects at most one fault per target', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const targets = planOf(seed).faults.map((fault) =>
          'peer' in fault
            ? fault.peer
            : 'target' in fault
              ? fault.target
              : fault.kind === 'rolling restart'
                ? 'responders'
                : 'broker',
        )
        expect(new Set(targets).size).toBe(targets.length)
      }),
    )
  })

  it('restarts responders without another fault on them', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { faults } = planOf(seed)
        if (!faults.some(({ kind }) => kind === 'rolling restart')) return
        const others = faults.filter(({ kind }) => kind !== 'rolling restart')
        expect(JSON.stringify(others)).not.toContain('"responder-')
        expect(others).toHaveLength(faults.length - 1)
      }),
    )
  })

  it('acknowledges after the response if requests are sent once', () => {
    const policies = Array.from({ length: 200 }, (_, seed) => planOf(seed).requestPolicy)
    const styles = new Set(policies.map(({ style, acknowledge }) => `${style}, ${acknowledge}`))
    expect([...styles].sort()).toEqual([
      'once, after-response',
      'retried, after-response',
      'retried, on-start',
    ])
  })

  it('retries requests if a fault makes a loss unavoidable', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { broker, faults, requestPolicy } = planOf(seed)
        const loses = faults.some(
          ({ kind }) =>
            ['session dropped', 'corrupted', 'clock set'].includes(kind) ||
            (broker === 'mosquitto' && kind === 'broker killed'),
        )
        if (loses) expect(requestPolicy.style).toBe('retried')
      }),
    )
  })

  it('stops a process for 10 s in some plans', () => {
    const plans = Array.from({ length: 200 }, (_, seed) => planOf(seed))
    expect(
      plans.filter(({ faults }) => faults.some(({ duration }) => duration === 10_000)).length,
    ).toBeGreaterThan(2)
  })

  it('describes a plan in one line', () => {
    expect(describePlan(planOf(6))).toMatch(
      /^seed 6: embedded, sent (once|retried): \d+–\d+ ms connection cut \(/,
    )
  })
})
