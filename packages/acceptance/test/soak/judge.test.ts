import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coursesOf } from '../../src/soak/judge.js'
import { renderSoak } from '../../src/soak/render.js'
import type { Sample } from '../../src/soak/sample.js'
import { trendOf } from '../../src/soak/trend.js'

/** A minute of samples, every second, of a process that fills up for a third of it. */
const track = (over: (second: number) => Partial<Sample>) => ({
  who: 'responder',
  samples: Array.from({ length: 62 }, (_, second): Sample => ({
    at: second * 1_000,
    heap: 2 ** 20 * (10 + Math.min(second, 18)) + (second % 3) * 10_000,
    resident: 2 ** 26,
    resources: { Timeout: 1, TCPSocketWrap: 2 },
    own: { served: second * 500, subscriptions: 3 },
    ...over(second),
  })),
})
const load = { from: 1_000, until: 60_000, requestsAMinute: 30_000 }
const growing = (over: (second: number) => Partial<Sample>) =>
  coursesOf(track(over), load)
    .filter(({ isFlat }) => !isFlat)
    .map(({ what }) => what)

describe('the trend', () => {
  it('is the slope of a line, whatever its height', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100, max: 100 }),
        fc.integer({ min: -100, max: 100 }),
        (slope, height) => {
          const trend = trendOf(Array.from({ length: 10 }, (_, x) => [x, height + slope * x] as const))
          expect(trend.slope).toBeCloseTo(slope)
          expect(trend.doubt).toBeCloseTo(0)
        },
      ),
    )
  })

  it('doubts what is scattered, and what it has too little of', () => {
    expect(
      trendOf([
        [0, 0],
        [1, 8],
        [2, 0],
        [3, 8],
      ]).doubt,
    ).toBeGreaterThan(1)
    expect(trendOf([[1, 1]]).doubt).toBe(Infinity)
  })
})

describe('the soak’s judgement', () => {
  it('finds nothing that grows in a process that has filled up', () => {
    expect(growing(() => ({}))).toEqual([])
  })

  it.each([
    ['heap after a collection', (second: number) => ({ heap: 2 ** 24 + second * 20_000 })],
    ['Timeout', (second: number) => ({ resources: { Timeout: second, TCPSocketWrap: 2 } })],
    ['subscriptions', (second: number) => ({ own: { subscriptions: second } })],
  ])('finds %s that grows', (what, over: (second: number) => Partial<Sample>) => {
    expect(growing(over)).toEqual([what])
  })

  it('tells nothing of a load that was too short', () => {
    const short = coursesOf(
      track((second) => ({ own: { subscriptions: second } })),
      { ...load, until: 20_000 },
    )
    expect(new Set(short.map(({ isFlat }) => isFlat))).toEqual(new Set(['too short to tell']))
  })

  it('is shown with what is flat and what grows', () => {
    const one = track((second) => ({ own: { subscriptions: second } }))
    const outcome = { figures: [], failures: [], notRun: [], tracks: [one], courses: coursesOf(one, load) }
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
