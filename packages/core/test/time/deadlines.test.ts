import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import {
  asyncScheduler,
  config,
  mergeMap,
  Observable,
  queueScheduler,
  VirtualTimeScheduler,
  type SchedulerLike,
} from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deadlines, type Deadline, type Deadlines } from '../../src/time/deadlines.js'
import { runs } from '../codec/runs.js'
import { collectGarbage } from '../topic/garbage.js'

/** Emits a word when its deadline is due; unsubscribing cancels the deadline. */
function due$(queue: Deadlines, dueIn: number, word: string): Observable<string> {
  return new Observable((subscriber) => {
    const deadline = queue.add(dueIn, () => {
      subscriber.next(word)
      subscriber.complete()
    })
    return () => deadline.cancel()
  })
}

describe('deadlines, in marbles', () => {
  let scheduler: TestScheduler
  let queue: Deadlines

  beforeEach(() => {
    scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    queue = deadlines(scheduler)
  })

  afterEach(() => {
    expect(queue.size).toBe(0)
    expect(scheduler.actions).toHaveLength(0)
  })

  /** Adds a deadline for every word of `added` and expects the words when they are due. */
  function expectWords(
    waits: Readonly<Record<string, number>>,
    added: string,
    unsubscribed: string,
    called: string,
  ): void {
    scheduler.run(({ cold, expectObservable }) => {
      const word$ = cold(added).pipe(mergeMap((word) => due$(queue, waits[word] ?? 0, word)))
      expectObservable(word$, unsubscribed).toBe(called)
    })
  }

  it('calls deadlines at their time in any order of addition', () => {
    const waits = { a: 6, b: 1, c: 2 }
    const added = '   (abc)|'
    const unsubscribed = ' --------!'
    const called = '    -bc---(a|)'
    expectWords(waits, added, unsubscribed, called)
  })

  it('calls deadlines of the same time in order of addition', () => {
    const waits = { a: 4, b: 3, c: 2, d: 2 }
    const added = '   abc|'
    const unsubscribed = ' --------!'
    const called = '    ----(abc|)'
    expectWords(waits, added, unsubscribed, called)
  })

  it('does not call cancelled deadlines', () => {
    const waits = { a: 3, b: 5, c: 9 }
    const added = '   abc|'
    const unsubscribed = ' ----!'
    const called = '    ---a-'
    expectWords(waits, added, unsubscribed, called)
  })

  it('calls deadlines of 0 or negative milliseconds in the same frame', () => {
    const waits = { a: 0, b: -5 }
    const added = '   -a-b|'
    const unsubscribed = ' --------!'
    const called = '    -a-b|'
    expectWords(waits, added, unsubscribed, called)
  })
})

describe('deadlines', () => {
  let scheduler: VirtualTimeScheduler
  let queue: Deadlines
  let seen: string[]
  const note = (word: string) => (): void => void seen.push(`${word}@${scheduler.frame}`)

  beforeEach(() => {
    scheduler = new VirtualTimeScheduler()
    queue = deadlines(scheduler)
    seen = []
  })

  it('adds and cancels deadlines from within a deadline', () => {
    const second = queue.add(5, note('second'))
    queue.add(5, () => {
      note('third')()
      second.cancel()
      fifth.cancel()
      queue.add(0, note('at once'))
      queue.add(2, note('later'))
      queue.add(-1, note('at once as well'))
    })
    const first = queue.add(1, () => {
      note('first')()
      second.cancel()
      first.cancel()
    })
    queue.add(5, note('fourth'))
    const fifth = queue.add(5, note('fifth'))
    scheduler.flush()
    expect(seen).toEqual(['first@1', 'third@5', 'fourth@5', 'at once@5', 'at once as well@5', 'later@7'])
    expect([queue.size, scheduler.actions.length]).toEqual([0, 0])
  })

  it('runs other scheduled actions before deadlines added by a deadline', () => {
    const schedule = vi.spyOn(scheduler, 'schedule')
    queue.add(1, () => {
      note('first')()
      for (const dueIn of [2, 1, 0]) queue.add(dueIn, note(`added for ${dueIn}`))
    })
    scheduler.schedule(note('other'), 1)
    scheduler.flush()
    expect(seen).toEqual(['first@1', 'other@1', 'added for 0@1', 'added for 1@2', 'added for 2@3'])
    expect(schedule).toHaveBeenCalledTimes(1 + 1 + 3)
  })

  it('can be cleared from within a deadline', () => {
    queue.add(1, () => {
      note('first')()
      queue.clear()
      queue.add(3, note('last'))
    })
    queue.add(1, note('second'))
    queue.add(9, note('third'))
    scheduler.flush()
    expect(seen).toEqual(['first@1', 'last@4'])
  })

  it('calls the other deadlines when one throws, and reports its error to RxJS', async () => {
    const reported = new Promise((resolve) => (config.onUnhandledError = resolve))
    queue.add(1, () => {
      throw new Error('a deadline throws')
    })
    queue.add(1, note('second'))
    queue.add(2, note('third'))
    scheduler.flush()
    expect(seen).toEqual(['second@1', 'third@2'])
    expect(await reported).toMatchObject({ message: 'a deadline throws' })
    config.onUnhandledError = null
  })

  it('schedules one action for 100 000 deadlines, and none when all are cancelled', () => {
    const schedule = vi.spyOn(scheduler, 'schedule')
    const all: Deadline[] = []
    const actions = new Set<number>()
    for (let index = 0; index < 100_000; index += 1) {
      all.push(queue.add(1_000 + (index % 5), note('never')))
      actions.add(scheduler.actions.length)
    }
    expect([queue.size, [...actions]]).toEqual([100_000, [1]])
    for (const deadline of all) deadline.cancel()
    for (const deadline of all) deadline.cancel()
    expect([queue.size, scheduler.actions.length]).toEqual([0, 0])
    expect(schedule).toHaveBeenCalledTimes(1)
    scheduler.flush()
    expect([seen, scheduler.frame]).toEqual([[], 0])
  })

  it('leaves no scheduled action when cleared', () => {
    queue.add(1, note('a'))
    queue.add(2, note('b')).cancel()
    queue.clear()
    expect([queue.size, scheduler.actions.length]).toEqual([0, 0])
    queue.add(3, note('c'))
    scheduler.flush()
    expect(seen).toEqual(['c@3'])
  })

  it('calls 100 000 deadlines of the same time', () => {
    let called = 0
    for (let index = 0; index < 100_000; index += 1) queue.add(7, () => (called += 1))
    scheduler.flush()
    expect([called, queue.size, scheduler.frame]).toEqual([100_000, 0, 7])
  })

  it('calls deadlines later than the longest timer', () => {
    const schedule = vi.spyOn(scheduler, 'schedule')
    const far = 4_294_967_295_000
    queue.add(far, note('far'))
    queue.add(2 ** 31, note('less far'))
    scheduler.flush()
    expect(seen).toEqual([`less far@${2 ** 31}`, `far@${far}`])
    const delays = schedule.mock.calls.map(([, delay]) => delay ?? 0)
    expect(Math.max(...delays)).toBe(2 ** 31 - 1)
    expect(delays).toHaveLength(Math.ceil(far / (2 ** 31 - 1)) + 1)
  })

  it('never calls a deadline of Infinity and schedules no action for it', () => {
    const never = queue.add(Infinity, note('never'))
    const soon = queue.add(5, note('soon'))
    expect([queue.size, scheduler.actions.length]).toEqual([2, 1])
    soon.cancel()
    expect([queue.size, scheduler.actions.length]).toEqual([1, 0])
    scheduler.flush()
    never.cancel()
    expect([seen, queue.size]).toEqual([[], 0])
  })

  it('rejects NaN as dueIn', () => {
    expect(() => queue.add(NaN, note('never'))).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(queue.size).toBe(0)
  })

  it.each([
    ['were called', 'flush'],
    ['were cancelled', 'cancel'],
    ['were cleared', 'clear'],
  ] as const)('releases the callbacks of deadlines that %s', async (_, way) => {
    const all = [queue.add(Infinity, note('other'))]
    const references: WeakRef<object>[] = []
    const add = (dueIn: number): void => {
      const big = { of: 'memory' }
      references.push(new WeakRef(big))
      all.push(queue.add(dueIn, () => void big.of))
    }
    for (const dueIn of [3, 1, 2]) add(dueIn)
    if (way === 'flush') scheduler.flush()
    else if (way === 'clear') queue.clear()
    else for (const deadline of all.slice(1)) deadline.cancel()
    await setImmediate() // A WeakRef keeps its target alive until the end of the job that created it.
    collectGarbage()
    expect(references.filter((value) => value.deref() !== undefined)).toHaveLength(0)
    expect(all).toHaveLength(4)
  })

  it('calls deadlines in the order of a sorted list while others are added and cancelled', () => {
    const plan = fc.record({ dueIn: fc.nat(20), cancels: fc.option(fc.nat(40)), adds: fc.option(fc.nat(20)) })
    fc.assert(
      fc.property(fc.array(plan, { maxLength: 40 }), (plans) => {
        const virtual = new VirtualTimeScheduler()
        const tested = deadlines(virtual)
        const all: Deadline[] = []
        const list: { readonly dueAt: number; readonly order: number }[] = []
        const called: number[] = []
        const expected: number[] = []
        const remove = (order: number): void => {
          const index = list.findIndex((entry) => entry.order === order)
          if (index >= 0) list.splice(index, 1)
        }
        const add = (dueIn: number, then: () => void): void => {
          const order = all.length
          list.push({ dueAt: virtual.now() + dueIn, order })
          list.sort((a, b) => a.dueAt - b.dueAt || a.order - b.order)
          const onDue = (): void => {
            const first = list.shift()
            expect(first?.dueAt).toBe(virtual.now())
            expected.push(first?.order ?? -1)
            called.push(order)
            then()
          }
          all.push(tested.add(dueIn, onDue))
        }
        for (const { dueIn, cancels, adds } of plans) {
          add(dueIn, () => {
            if (cancels !== null) {
              all[cancels]?.cancel()
              remove(cancels)
            }
            if (adds !== null) add(adds, () => undefined)
          })
        }
        virtual.flush()
        expect(called).toEqual(expected)
        expect([list.length, tested.size, virtual.actions.length]).toEqual([0, 0, 0])
      }),
      runs,
    )
  })
})

describe('deadlines on other clocks', () => {
  it('treats a timer that fires slightly early by the clock as due', () => {
    const virtual = new VirtualTimeScheduler()
    const behind: SchedulerLike = { now: () => virtual.now() * 0.9, schedule: virtual.schedule.bind(virtual) }
    const schedule = vi.spyOn(behind, 'schedule')
    const onDue = vi.fn()
    deadlines(behind).add(10, onDue)
    virtual.flush()
    expect([onDue.mock.calls.length, schedule.mock.calls.length]).toEqual([1, 1])
  })

  it('calls deadlines in time when the clock is set back by an hour', () => {
    const virtual = new VirtualTimeScheduler()
    let setBack = 0
    const settable: SchedulerLike = {
      now: () => virtual.now() - setBack,
      schedule: virtual.schedule.bind(virtual),
    }
    const queue = deadlines(settable)
    const seen: string[] = []
    const note = (word: string) => (): void => void seen.push(`${word}@${virtual.frame}`)
    queue.add(30_000, note('long'))
    queue.add(5_000, note('short'))
    virtual.schedule(() => queue.add(5_000, note('before')), 3_000)
    virtual.schedule(() => (setBack = 3_600_000), 4_000)
    virtual.schedule(() => queue.add(5_000, note('after')), 6_000)
    virtual.schedule(() => (setBack = 7_200_000), 20_000)
    virtual.schedule(() => queue.add(5_000, note('again')), 21_000)
    virtual.flush()
    expect(seen).toEqual(['short@5000', 'before@8000', 'after@11000', 'again@26000', 'long@40000'])
  })

  it('returns the time left of pending, cancelled and past deadlines, also after the clock was set back', () => {
    const virtual = new VirtualTimeScheduler()
    let setBack = 0
    const queue = deadlines({ now: () => virtual.now() - setBack, schedule: virtual.schedule.bind(virtual) })
    const [pending, cancelled, never] = [5_000, 9_000, Infinity].map((dueIn) =>
      queue.add(dueIn, () => undefined),
    )
    const left = (): readonly (number | undefined)[] => [pending, cancelled, never].map((each) => each?.left())
    expect(left()).toEqual([5_000, 9_000, Infinity])
    cancelled?.cancel()
    const seen: (readonly (number | undefined)[])[] = []
    virtual.schedule(() => void seen.push(left()), 2_000)
    virtual.schedule(() => {
      setBack = 3_600_000
      seen.push(left())
    }, 2_000)
    virtual.schedule(() => void seen.push(left()), 6_000)
    virtual.flush()
    expect(seen).toEqual([
      [3_000, 7_000, Infinity],
      [3_000, 7_000, Infinity],
      [-1_000, 3_000, Infinity],
    ])
  })

  it('works on a synchronous scheduler', () => {
    const queue = deadlines(queueScheduler)
    const onDue = vi.fn(() => void (onDue.mock.calls.length < 3 && queue.add(0, onDue)))
    queue.add(0, onDue)
    expect([onDue.mock.calls.length, queue.size]).toEqual([3, 0])
    queue.add(0, onDue)
    expect([onDue.mock.calls.length, queue.size]).toEqual([4, 0])
  })

  it('uses one timer of asyncScheduler for all deadlines', () => {
    vi.useFakeTimers()
    try {
      const queue = deadlines(asyncScheduler)
      const onDue = vi.fn()
      const all = [5, 3, 9, 9, 3].map((dueIn) => queue.add(dueIn, onDue))
      expect(vi.getTimerCount()).toBe(1)
      vi.advanceTimersByTime(4)
      expect(onDue).toHaveBeenCalledTimes(2)
      expect(vi.getTimerCount()).toBe(1)
      for (const deadline of all) deadline.cancel()
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })
})
