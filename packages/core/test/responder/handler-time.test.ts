import type { ServeOutcome } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import { HandlerTime, runEndOf, type RunEnd } from '../../src/responder/handler-time.js'

type Run = readonly [duration: number, end: RunEnd]

function timeOf(runs: readonly Run[]): HandlerTime {
  const time = new HandlerTime()
  for (const [duration, end] of runs) time.add(duration, end, 0)
  return time
}

const averageOf = (runs: readonly Run[]): number => timeOf(runs).average

describe('HandlerTime', () => {
  it('is 0 before the first run, and then that of the first run', () => {
    expect(averageOf([])).toBe(0)
    expect(averageOf([[400, 'whole']])).toBe(400)
  })

  it('follows later runs, with a tenth for the latest', () => {
    expect(
      averageOf([
        [400, 'whole'],
        [400, 'whole'],
        [400, 'whole'],
        [1_400, 'whole'],
      ]),
    ).toBeCloseTo(500)
    expect(
      averageOf(Array.from({ length: 100 }, (_, index) => [index < 50 ? 400 : 10, 'whole'])),
    ).toBeCloseTo(12, 0)
  })

  it('counts the time of stopped runs, but not their number', () => {
    const half = Array.from(
      { length: 100 },
      (_, index) => [100, index % 2 === 0 ? 'whole' : 'too-slow'] as const,
    )
    expect(averageOf(half)).toBeGreaterThan(180)
    expect(averageOf(half)).toBeLessThan(230)
  })

  it('stays finite if every run is stopped', () => {
    expect(averageOf([[1_000, 'too-slow']])).toBe(100_000)
  })

  it('has the lowest of the averages of at least a second, and of no more than two', () => {
    const time = new HandlerTime()
    expect([time.lowestAverage(0), time.lowestOccupied(0)]).toEqual([0, 0])
    time.add(100, 'whole', 0)
    for (const now of [900, 1_000, 1_900]) time.add(1_000, 'whole', now)
    expect(time.average).toBeCloseTo(344, 0)
    expect([time.lowestAverage(1_900), time.lowestOccupied(1_900)]).toEqual([100, 100])
    // The lowest of the second period is what the first run of it left.
    expect(time.lowestAverage(2_000)).toBeCloseTo(271, 0)
    expect(time.lowestOccupied(2_000)).toBeCloseTo(271, 0)
    expect(time.lowestAverage(4_000)).toBe(time.average)
  })

  it('falls at once with the average', () => {
    const time = new HandlerTime()
    for (let now = 0; now < 5_000; now += 100) time.add(1_000, 'whole', now)
    time.add(0, 'whole', 5_000)
    expect(time.lowestAverage(5_000)).toBe(900)
  })

  it('ignores runs whose response was no longer wanted, but not the time for which others waited', () => {
    const time = timeOf([[400, 'whole'], ...Array.from({ length: 100 }, () => [50, 'unwanted'] as const)])
    expect(time.average).toBe(400)
    expect(time.occupied).toBeCloseTo(50, 1)
    expect(timeOf([]).occupied).toBe(0)
    expect(timeOf([[1_000, 'too-slow']]).occupied).toBe(1_000)
  })
})

describe('runEndOf', () => {
  it.each<[outcome: ServeOutcome, expected: RunEnd]>([
    ['responded', 'whole'],
    ['failed', 'whole'],
    ['unsent', 'whole'],
    ['expired', 'too-slow'],
    ['timed-out', 'too-slow'],
    ['busy', 'unwanted'],
    ['cancelled', 'unwanted'],
  ])('takes the outcome %s for %s while the request has time left', (outcome, expected) => {
    expect(runEndOf(outcome, { expiresAt: 60_000, lifetime: 60_000 }, 10_000)).toBe(expected)
  })

  it.each<[outcome: ServeOutcome, expected: RunEnd]>([
    ['responded', 'whole'],
    ['busy', 'unwanted'],
  ])('takes the outcome %s for %s also when the request expires', (outcome, expected) => {
    expect(runEndOf(outcome, { expiresAt: 60_000, lifetime: 60_000 }, 60_000)).toBe(expected)
  })

  it.each<[left: number, lifetime: number, expected: RunEnd]>([
    [1_000, 60_000, 'unwanted'],
    [999, 60_000, 'too-slow'],
    [500, 1_000, 'unwanted'],
    [499, 1_000, 'too-slow'],
    [Infinity, Infinity, 'unwanted'],
  ])('takes a cancel with %d of %d ms left for %s', (left, lifetime, expected) => {
    expect(runEndOf('cancelled', { expiresAt: left, lifetime }, 0)).toBe(expected)
  })
})
