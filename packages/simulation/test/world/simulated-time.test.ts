import fc from 'fast-check'
import { timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { simulatedTime } from '../../src/world/simulated-time.js'

describe('simulatedTime', () => {
  it('runs timers in the order of their times, and those of the same time in the order of their addition', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 100 }), (delays) => {
        const time = simulatedTime()
        const ran: number[] = []
        delays.forEach((delay, index) => {
          time.scheduler.schedule(() => {
            expect(time.scheduler.now()).toBe(delay)
            ran.push(index)
          }, delay)
        })
        time.runTo(20)
        const indices = delays.map((_, index) => index)
        expect(ran).toEqual(indices.sort((a, b) => (delays[a] ?? 0) - (delays[b] ?? 0)))
      }),
    )
  })

  it('runs no timer that is cancelled, also by an earlier timer of the same time', () => {
    const time = simulatedTime()
    const ran: string[] = []
    time.scheduler.schedule(() => second.unsubscribe(), 5)
    const second = time.scheduler.schedule(() => ran.push('second'), 5)
    time.scheduler.schedule(() => ran.push('third'), 6).unsubscribe()
    time.runTo(10)
    expect(ran).toEqual([])
  })

  it('runs work that schedules itself again', () => {
    const time = simulatedTime()
    const ran: number[] = []
    time.scheduler.schedule(
      function (count = 0) {
        ran.push(time.scheduler.now())
        if (count < 2) this.schedule(count + 1, 10)
      },
      10,
      0,
    )
    time.runTo(100)
    expect([ran, time.scheduler.now()]).toEqual([[10, 20, 30], 100])
  })

  it('keeps timers that are due after the end for the next run', () => {
    const time = simulatedTime()
    const ran: number[] = []
    timer(10, 10, time.scheduler).subscribe((index) => ran.push(index))
    time.runTo(25)
    expect(ran).toEqual([0, 1])
    time.runTo(30)
    expect(ran).toEqual([0, 1, 2])
  })
})
