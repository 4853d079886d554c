import { interval, map, merge, of, delay, take, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { virtualTime } from '../../src/time/virtual-time.js'

describe('virtualTime', () => {
  it('runs timers by due time, and those of the same time in scheduling order', () => {
    const { scheduler, step } = virtualTime()
    const ran: string[] = []
    const schedule = (name: string, due: number): void =>
      void scheduler.schedule(() => ran.push(`${name} at ${scheduler.now()}`), due)
    for (const [name, due] of [
      ['c', 5],
      ['a', 1],
      ['d', 5],
      ['b', 1],
    ] as const)
      schedule(name, due)
    scheduler.schedule(() => schedule('at once', 0), 1)
    expect(step(0)).toBe(false)
    expect(step(9)).toBe(true)
    expect(ran).toEqual(['a at 1', 'b at 1', 'at once at 1'])
    expect(step(9)).toBe(true)
    expect(step(9)).toBe(false)
    expect(ran.slice(3)).toEqual(['c at 5', 'd at 5'])
  })

  it('runs rescheduled work until it is unsubscribed', () => {
    const { scheduler, runTo, pending } = virtualTime()
    const emitted: string[] = []
    const source$ = merge(
      interval(10, scheduler).pipe(map((index) => `interval ${index}`)),
      timer(25, scheduler).pipe(map(() => 'timer')),
      of('late').pipe(delay(15, scheduler)),
    ).pipe(map((label) => `${scheduler.now()} ${label}`))
    const subscription = source$.pipe(take(5)).subscribe((label) => emitted.push(label))
    runTo(31)
    expect(scheduler.now()).toBe(31)
    expect(emitted).toEqual(['10 interval 0', '15 late', '20 interval 1', '25 timer', '30 interval 2'])
    expect([subscription.closed, pending()]).toEqual([true, []])
  })

  it('removes an unsubscribed timer among others of the same time', () => {
    const { scheduler, runTo, pending } = virtualTime()
    const ran: number[] = []
    const all = [1, 2, 3].map((number) => scheduler.schedule(() => ran.push(number), 7))
    all[1]?.unsubscribe()
    expect(pending()).toEqual([7, 7])
    scheduler.schedule(() => all[2]?.unsubscribe(), 3)
    runTo(10)
    expect([ran, pending()]).toEqual([[1], []])
  })

  it('passes the state to rescheduled work', () => {
    const { scheduler, runTo } = virtualTime()
    const states: (number | undefined)[] = []
    scheduler.schedule<number>(
      function (state = 0) {
        states.push(state)
        if (state < 3) this.schedule(state + 1, 2)
      },
      1,
      1,
    )
    runTo(100)
    expect(states).toEqual([1, 2, 3])
  })
})
