import { asapScheduler, asyncScheduler, queueScheduler, VirtualTimeScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { elapsedClock } from '../../src/time/elapsed-clock.js'

const hour = 3_600_000

describe('elapsedClock on the schedulers of real time', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([
    ['asyncScheduler', asyncScheduler],
    ['asapScheduler', asapScheduler],
    ['queueScheduler', queueScheduler],
    ['a scheduler with the clock of asyncScheduler', { ...asyncScheduler, now: asyncScheduler.now }],
  ])('counts what elapses when the system clock is set forward and back: %s', (_, scheduler) => {
    const clock = elapsedClock(scheduler as typeof asyncScheduler)
    const start = clock()
    const elapsed = [hour, -hour, -hour, hour].map((step) => {
      vi.setSystemTime(Date.now() + step)
      vi.advanceTimersByTime(1_000)
      return clock() - start
    })
    expect(elapsed).toEqual([1_000, 2_000, 3_000, 4_000])
  })
})

describe('elapsedClock on other schedulers', () => {
  it('reads virtual time, also of asyncScheduler inside TestScheduler.run', () => {
    const scheduler = new TestScheduler(() => undefined)
    const elapsed: number[] = []
    scheduler.run(() => {
      for (const each of [scheduler, asyncScheduler]) {
        const clock = elapsedClock(each)
        const start = clock()
        asyncScheduler.schedule(() => elapsed.push(clock() - start), 5_000)
      }
    })
    expect(elapsed).toEqual([5_000, 5_000])
  })

  it('sums the forward steps of a clock, and goes on from the time of a timer that fired', () => {
    const virtual = new VirtualTimeScheduler()
    let setBack = 0
    const clock = elapsedClock({
      now: () => virtual.frame - setBack,
      schedule: virtual.schedule.bind(virtual),
    })
    virtual.frame = 1_000
    const before = clock()
    setBack = hour
    virtual.frame = 3_000
    expect([before, clock(2_500)]).toEqual([1_000, 2_500])
    virtual.frame = 4_000
    expect(clock()).toBe(3_500)
  })

  it('does not go back from the time of a timer that fired early', () => {
    const virtual = new VirtualTimeScheduler()
    const clock = elapsedClock(virtual)
    virtual.frame = 9
    expect([clock(10), clock()]).toEqual([10, 10])
    virtual.frame = 11
    expect(clock()).toBe(11)
  })
})
