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

/** Emits a word when its deadline comes; unsubscribing cancels it. */
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

  /** Adds a deadline for every word, at its place, and expects the words where they come. */
  function expectWords(
    waits: Readonly<Record<string, number>>,
    added: string,
    leaving: string,
    come: string,
  ): void {
    scheduler.run(({ cold, expectObservable }) => {
      const word$ = cold(added).pipe(mergeMap((word) => due$(queue, waits[word] ?? 0, word)))
      expectObservable(word$, leaving).toBe(come)
    })
  }

  it('come each at its time, whatever the order of addition', () => {
    const waits = { a: 6, b: 1, c: 2 }
    const added = '   (abc)|'
    const leaving = ' --------!'
    const come = '    -bc---(a|)'
    expectWords(waits, added, leaving, come)
  })

  it('come in the order of addition when they come together', () => {
    const waits = { a: 4, b: 3, c: 2, d: 2 }
    const added = '   abc|'
    const leaving = ' --------!'
    const come = '    ----(abc|)'
    expectWords(waits, added, leaving, come)
  })

  it('do not come once they are cancelled', () => {
    const waits = { a: 3, b: 5, c: 9 }
    const added = '   abc|'
    const leaving = ' ----!'
    const come = '    ---a-'
    expectWords(waits, added, leaving, come)
  })

  it('come in the same frame when they are due at once, or were due before', () => {
    const waits = { a: 0, b: -5 }
    const added = '   -a-b|'
    const leaving = ' --------!'
    const come = '    -a-b|'
    expectWords(waits, added, leaving, come)
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

  it('may be added and cancelled by one that comes', () => {
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

  it('let others have their turn before those that are added when one comes', () => {
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

  it('may be cleared by one that comes', () => {
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

  it('do not keep each other from coming by what they throw, which is told to RxJS', async () => {
    const told = new Promise((resolve) => (config.onUnhandledError = resolve))
    queue.add(1, () => {
      throw new Error('a careless deadline')
    })
    queue.add(1, note('second'))
    queue.add(2, note('third'))
    scheduler.flush()
    expect(seen).toEqual(['second@1', 'third@2'])
    expect(await told).toMatchObject({ message: 'a careless deadline' })
    config.onUnhandledError = null
  })

  it('have one action between them, of 100 000, and none when they are gone', () => {
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

  it('leave no action when they are cleared', () => {
    queue.add(1, note('a'))
    queue.add(2, note('b')).cancel()
    queue.clear()
    expect([queue.size, scheduler.actions.length]).toEqual([0, 0])
    queue.add(3, note('c'))
    scheduler.flush()
    expect(seen).toEqual(['c@3'])
  })

  it('come when 100 000 do together', () => {
    let come = 0
    for (let index = 0; index < 100_000; index += 1) queue.add(7, () => (come += 1))
    scheduler.flush()
    expect([come, queue.size, scheduler.frame]).toEqual([100_000, 0, 7])
  })

  it('may be further off than any timer', () => {
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

  it('never come after an infinite time, and keep no action waiting for it', () => {
    const never = queue.add(Infinity, note('never'))
    const soon = queue.add(5, note('soon'))
    expect([queue.size, scheduler.actions.length]).toEqual([2, 1])
    soon.cancel()
    expect([queue.size, scheduler.actions.length]).toEqual([1, 0])
    scheduler.flush()
    never.cancel()
    expect([seen, queue.size]).toEqual([[], 0])
  })

  it('refuse a time that is none', () => {
    expect(() => queue.add(NaN, note('never'))).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(queue.size).toBe(0)
  })

  it.each([
    ['came', 'flush'],
    ['were cancelled', 'cancel'],
    ['were cleared', 'clear'],
  ] as const)('let go of what they were to call once they %s', async (_, way) => {
    const kept = [queue.add(Infinity, note('other'))]
    const held: WeakRef<object>[] = []
    const add = (dueIn: number): void => {
      const big = { of: 'memory' }
      held.push(new WeakRef(big))
      kept.push(queue.add(dueIn, () => void big.of))
    }
    for (const dueIn of [3, 1, 2]) add(dueIn)
    if (way === 'flush') scheduler.flush()
    else if (way === 'clear') queue.clear()
    else for (const deadline of kept.slice(1)) deadline.cancel()
    await setImmediate() // Until its end, a job keeps alive what it made weak references to.
    collectGarbage()
    expect(held.filter((value) => value.deref() !== undefined)).toHaveLength(0)
    expect(kept).toHaveLength(4)
  })

  it('come in the order a sorted list has, whatever is added and cancelled meanwhile', () => {
    const plan = fc.record({ dueIn: fc.nat(20), cancels: fc.option(fc.nat(40)), adds: fc.option(fc.nat(20)) })
    fc.assert(
      fc.property(fc.array(plan, { maxLength: 40 }), (plans) => {
        const virtual = new VirtualTimeScheduler()
        const tested = deadlines(virtual)
        const all: Deadline[] = []
        const list: { readonly dueAt: number; readonly order: number }[] = []
        const come: number[] = []
        const expected: number[] = []
        const leave = (order: number): void => {
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
            come.push(order)
            then()
          }
          all.push(tested.add(dueIn, onDue))
        }
        for (const { dueIn, cancels, adds } of plans) {
          add(dueIn, () => {
            if (cancels !== null) {
              all[cancels]?.cancel()
              leave(cancels)
            }
            if (adds !== null) add(adds, () => undefined)
          })
        }
        virtual.flush()
        expect(come).toEqual(expected)
        expect([list.length, tested.size, virtual.actions.length]).toEqual([0, 0, 0])
      }),
      runs,
    )
  })
})

describe('deadlines on other clocks', () => {
  it('take the timer at its word when the clock is a little behind', () => {
    const virtual = new VirtualTimeScheduler()
    const behind: SchedulerLike = { now: () => virtual.now() * 0.9, schedule: virtual.schedule.bind(virtual) }
    const schedule = vi.spyOn(behind, 'schedule')
    const onDue = vi.fn()
    deadlines(behind).add(10, onDue)
    virtual.flush()
    expect([onDue.mock.calls.length, schedule.mock.calls.length]).toEqual([1, 1])
  })

  it('come in time when the clock is set back, even by an hour', () => {
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

  it('say what is left of them, also once they are cancelled or past, and whatever the clock is set to', () => {
    const virtual = new VirtualTimeScheduler()
    let setBack = 0
    const queue = deadlines({ now: () => virtual.now() - setBack, schedule: virtual.schedule.bind(virtual) })
    const [kept, cancelled, never] = [5_000, 9_000, Infinity].map((dueIn) =>
      queue.add(dueIn, () => undefined),
    )
    const left = (): readonly (number | undefined)[] => [kept, cancelled, never].map((each) => each?.left())
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

  it('hold on a scheduler that acts at once', () => {
    const queue = deadlines(queueScheduler)
    const onDue = vi.fn(() => void (onDue.mock.calls.length < 3 && queue.add(0, onDue)))
    queue.add(0, onDue)
    expect([onDue.mock.calls.length, queue.size]).toEqual([3, 0])
    queue.add(0, onDue)
    expect([onDue.mock.calls.length, queue.size]).toEqual([4, 0])
  })

  it('have one timer between them on the clock of the machine', () => {
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
