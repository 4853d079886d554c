import { interval, map, merge, of, delay, take, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { virtualTime } from '../../src/virtual/virtual-time.js'

describe('virtual time', () => {
  it('does what is due in order, and what is due at once in the order it was scheduled', () => {
    const { scheduler, step } = virtualTime()
    const done: string[] = []
    const schedule = (name: string, due: number): void =>
      void scheduler.schedule(() => done.push(`${name} at ${scheduler.now()}`), due)
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
    expect(done).toEqual(['a at 1', 'b at 1', 'at once at 1'])
    expect(step(9)).toBe(true)
    expect(step(9)).toBe(false)
    expect(done.slice(3)).toEqual(['c at 5', 'd at 5'])
  })

  it('runs what schedules itself again, until it is given up', () => {
    const { scheduler, runTo, pending } = virtualTime()
    const seen: string[] = []
    const source$ = merge(
      interval(10, scheduler).pipe(map((index) => `interval ${index}`)),
      timer(25, scheduler).pipe(map(() => 'timer')),
      of('late').pipe(delay(15, scheduler)),
    ).pipe(map((what) => `${scheduler.now()} ${what}`))
    const listening = source$.pipe(take(5)).subscribe((what) => seen.push(what))
    runTo(31)
    expect(scheduler.now()).toBe(31)
    expect(seen).toEqual(['10 interval 0', '15 late', '20 interval 1', '25 timer', '30 interval 2'])
    expect([listening.closed, pending()]).toEqual([true, []])
  })

  it('forgets what is given up, also among others of the same instant', () => {
    const { scheduler, runTo, pending } = virtualTime()
    const done: number[] = []
    const all = [1, 2, 3].map((number) => scheduler.schedule(() => done.push(number), 7))
    all[1]?.unsubscribe()
    expect(pending()).toEqual([7, 7])
    scheduler.schedule(() => all[2]?.unsubscribe(), 3)
    runTo(10)
    expect([done, pending()]).toEqual([[1], []])
  })

  it('gives the state on, as RxJS wants it', () => {
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
