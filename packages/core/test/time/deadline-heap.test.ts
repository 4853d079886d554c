import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DeadlineHeap, type HeapEntry } from '../../src/time/deadline-heap.js'
import { runs } from '../codec/runs.js'

/** `dueAt` adds an entry; `removed` removes the entry at that fraction of the list, `first` the first one. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ dueAt: fc.oneof(fc.nat(5), fc.constant(Infinity)) }) },
    {
      weight: 1,
      arbitrary: fc.record({ removed: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.constant({ first: true }) },
  ),
  { maxLength: 80 },
)

const byTime = (a: HeapEntry, b: HeapEntry): number =>
  a.dueAt === b.dueAt ? a.order - b.order : a.dueAt - b.dueAt

describe('DeadlineHeap', () => {
  it('has the same first entry as a sorted list after any additions and removals', () => {
    fc.assert(
      fc.property(steps, (allSteps) => {
        const heap = new DeadlineHeap<HeapEntry>()
        const list: HeapEntry[] = []
        const removed: HeapEntry[] = []
        for (const [order, step] of allSteps.entries()) {
          if ('dueAt' in step) {
            const entry = { dueAt: step.dueAt, order, position: -1 }
            heap.add(entry)
            list.push(entry)
          } else if (list.length > 0) {
            const index = 'removed' in step ? Math.floor(step.removed * list.length) : 0
            const [entry] = list.splice(index, 1)
            if (entry === undefined) continue
            expect(heap.remove(entry)).toBe(true)
            removed.push(entry)
          }
          list.sort(byTime)
          expect(heap.first).toBe(list[0])
          expect(heap.size).toBe(list.length)
        }
        for (const entry of removed) expect(heap.remove(entry)).toBe(false)
        expect(heap.clear().sort(byTime)).toEqual(list)
        for (const entry of list) expect(heap.remove(entry)).toBe(false)
        expect([heap.size, heap.first]).toEqual([0, undefined])
      }),
      runs,
    )
  })
})
