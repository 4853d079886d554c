import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metricsOf } from '../../src/soak/judge.js'
import { renderSoak } from '../../src/soak/render.js'
import type { Sample } from '../../src/soak/sample.js'
import { trendOf } from '../../src/soak/trend.js'

/** Returns a minute of samples of a process whose heap grows only in the first third. */
const processSamples = (override: (second: number) => Partial<Sample>) => ({
  process: 'responder',
  samples: Array.from({ length: 62 }, (_, second): Sample => ({
    at: second * 1_000,
    heap: 2 ** 20 * (10 + Math.min(second, 18)) + (second % 3) * 10_000,
    resident: 2 ** 26,
    resources: { Timeout: 1, TCPSocketWrap: 2 },
    counters: { served: second * 500, subscriptions: 3 },
    ...override(second),
  })),
})
const load = { from: 1_000, until: 60_000, requestsPerMinute: 30_000 }
const growing = (override: (second: number) => Partial<Sample>) =>
  metricsOf(processSamples(override), load)
    .filter(({ isFlat }) => !isFlat)
    .map(({ name }) => name)

describe('trendOf', () => {
  it('returns the slope of a line at any height', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100, max: 100 }),
        fc.integer({ min: -100, max: 100 }),
        (slope, height) => {
          const trend = trendOf(Array.from({ length: 10 }, (_, x) => [x, height + slope * x] as const))
          expect(trend.slope).toBeCloseTo(slope)
          expect(trend.uncertainty).toBeCloseTo(0)
        },
      ),
    )
  })

  it('returns a high uncertainty for scattered or too few points', () => {
    expect(
      trendOf([
        [0, 0],
        [1, 8],
        [2, 0],
        [3, 8],
      ]).uncertainty,
    ).toBeGreaterThan(1)
    expect(trendOf([[1, 1]]).uncertainty).toBe(Infinity)
  })
})

describe('metricsOf', () => {
  it('reports no growth if a process grows only during the warm-up', () => {
    expect(growing(() => ({}))).toEqual([])
  })

  it.each([
    ['heap after a garbage collection', (second: number) => ({ heap: 2 ** 24 + second * 20_000 })],
    ['Timeout', (second: number) => ({ resources: { Timeout: second, TCPSocketWrap: 2 } })],
    ['subscriptions', (second: number) => ({ counters: { subscriptions: second } })],
  ])('reports growth of %s', (name, override: (second: number) => Partial<Sample>) => {
    expect(growing(override)).toEqual([name])
  })

  it('returns no verdict for a load that was too short', () => {
    const short = metricsOf(
      processSamples((second) => ({ counters: { subscriptions: second } })),
      { ...load, until: 20_000 },
    )
    expect(new Set(short.map(({ isFlat }) => isFlat))).toEqual(new Set(['too short to tell']))
  })

  it('renders which metrics are flat and which grow', () => {
    const growingSamples = processSamples((second) => ({ counters: { subscriptions: second } }))
    const outcome = {
      figures: [],
      failures: [],
      notRun: [],
      samples: [growingSamples],
      metrics: metricsOf(growingSamples, load),
    }
    const shown = renderSoak(outcome).markup
    for (const part of [
      '<td>flat</td>',
      '<td>grows</td>',
      'aria-label="Resident memory"',
      '<path stroke="var(--tone-0)"',
    ])
      expect(shown).toContain(part)
  })
})
