import {
  applicationClock,
  formatTimestamp,
  HybridClock,
  parseTimestamp,
  type HybridClockOptions,
} from '@antiphon/core/clock'
import { asyncScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'

/** Returns a clock whose wall clock returns these times, one after the other, then the last one. */
function clockAt(times: readonly number[], options: HybridClockOptions = {}): HybridClock {
  const left = [...times]
  const now = (): number => (left.length > 1 ? left.shift() : left[0]) ?? 0
  return new HybridClock({ node: 'me', ...options, wallClock: { now } })
}

const isAscending = (stamps: readonly string[]): boolean =>
  stamps.every((stamp, index) => index === 0 || stamp > (stamps[index - 1] ?? ''))

describe('HybridClock', () => {
  it('returns later timestamps even if the wall clock stands still or goes back', () => {
    const clock = clockAt([1_000, 1_000, 999, 1_001, 5])
    const stamps = Array.from({ length: 5 }, () => clock.stamp())
    expect(isAscending(stamps)).toBe(true)
    expect(stamps[0]).toBe('000000000001000:00000:me')
    expect(stamps[3]).toBe('000000000001001:00000:me')
  })

  it('returns timestamps later than those it received', () => {
    const received = clockAt([30_000], { node: 'other' }).stamp()
    const clock = clockAt([1_000, 1_000, 31_000])
    expect(clock.receive(received)).toBeUndefined()
    expect(isAscending([received, clock.stamp(), clock.stamp()])).toBe(true)
  })

  it('continues with the next millisecond when the counter is full', () => {
    const clock = clockAt([1_000])
    clock.receive('000000000001000:99999:other')
    expect(clock.stamp()).toBe('000000000001001:00000:me')
  })

  it('keeps its counter when it receives an earlier timestamp', () => {
    const clock = clockAt([1_000])
    clock.stamp()
    clock.receive('000000000001000:00007:other')
    clock.receive('000000000001000:00003:other')
    clock.receive('000000000000999:00009:other')
    expect(clock.latest).toEqual({ milliseconds: 1_000, count: 7, node: 'me' })
  })

  it('reads the latest timestamp without advancing', () => {
    const clock = clockAt([1_000])
    const stamp = clock.stamp()
    expect([clock.latest, clock.latest].map(formatTimestamp)).toEqual([stamp, stamp])
  })

  it.each([
    ['', 'malformed'],
    ['x', 'malformed'],
    ['000000000099999:00001', 'malformed'],
    ['000000000960001:00000:ahead', 'drift'],
    ['000000000960000:00000:ahead', undefined],
  ])('receives the timestamp %j with the result %j', (stamp, result) => {
    const clock = clockAt([900_000])
    expect(clock.receive(stamp)).toBe(result)
    expect(clock.latest.milliseconds).toBe(result === undefined ? 960_000 : 0)
  })

  it('ignores a timestamp beyond maxDrift', () => {
    const clock = clockAt([1_000], { maxDrift: 10 })
    expect(clock.receive('000000000001011:00000:ahead')).toBe('drift')
    expect(clock.receive('000000000001010:00000:ahead')).toBeUndefined()
  })

  it.each([
    [{ node: '' }, 'options.node is "": it must be a string that is not empty'],
    [{ node: 'a\u0000' }, 'options.node is'],
    [{ maxDrift: -1 }, 'options.maxDrift is -1: it must be a number from 0'],
    [{ maximumDrift: 1 }, 'options.maximumDrift is not known'],
  ])('throws on the options %j', (options, message) => {
    expect(() => new HybridClock(options as HybridClockOptions)).toThrow(message)
  })
})

describe('applicationClock', () => {
  it('returns one clock for each scheduler', () => {
    const other = { now: () => 5 }
    expect(applicationClock()).toBe(applicationClock(asyncScheduler))
    expect(applicationClock(other)).not.toBe(applicationClock())
    expect(applicationClock(other).stamp()).toMatch(/^000000000000005:00000:[0-9a-f-]{36}$/)
  })
})

describe('parseTimestamp', () => {
  it('parses what formatTimestamp returns', () => {
    const timestamp = { milliseconds: 12, count: 3, node: 'a:b' }
    expect(parseTimestamp(formatTimestamp(timestamp))).toEqual(timestamp)
    expect(parseTimestamp('12:3:x')).toBeUndefined()
  })
})
