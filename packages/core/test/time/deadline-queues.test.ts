import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DeadlineQueues, type QueuedDeadline } from '../../src/time/deadline-queues.js'
import { runs } from '../codec/runs.js'

interface Entry extends QueuedDeadline<Entry> {
  readonly order: number
}

const entryOf = (delay: number, now: number, order: number): Entry => ({
  delay,
  dueAt: now + delay,
  order,
  queue: undefined,
  prevNode: undefined,
  nextNode: undefined,
})

const byTime = (a: Entry, b: Entry): number => (a.dueAt === b.dueAt ? a.order - b.order : a.dueAt - b.dueAt)

/** `delay` adds an entry, `later` than the previous one; `removed` removes the entry at that percentage of the list. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ delay: fc.constantFrom(0, 1, 5, Infinity), later: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.record({ removed: fc.integer({ min: 0, max: 99 }) }) },
  ),
  { maxLength: 80 },
)

it('DeadlineQueues has the same first entry as a sorted list after any additions and removals', () => {
  fc.assert(
    fc.property(steps, (allSteps) => {
      const pending = new DeadlineQueues<Entry>()
      const list: Entry[] = []
      let now = 0
      for (const [order, step] of allSteps.entries()) {
        if ('delay' in step) {
          now += step.later
          const entry = entryOf(step.delay, now, order)
          pending.add(entry)
          list.push(entry)
          list.sort(byTime)
        } else {
          const [entry] = list.splice(Math.floor((step.removed * list.length) / 100), 1)
          if (entry === undefined) continue
          expect([pending.remove(entry), pending.remove(entry)]).toEqual([true, false])
        }
        expect(pending.first === list[0]).toBe(true)
        expect(pending.size).toBe(list.length)
      }
      expect(pending.clear().map(({ order }) => order)).toEqual(list.map(({ order }) => order))
      expect([pending.size, pending.first]).toEqual([0, undefined])
    }),
    runs,
  )
})
