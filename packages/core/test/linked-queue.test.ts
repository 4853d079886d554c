import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinkedQueue, type ListNode } from '../src/linked-queue.js'
import { runs } from './codec/runs.js'

type Step = 'push' | 'clear' | { readonly removeAt: number } | { readonly unshiftCount: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.constant<Step>('push') },
    { weight: 1, arbitrary: fc.constant<Step>('clear') },
    { weight: 6, arbitrary: fc.record({ removeAt: fc.nat({ max: 20 }) }) },
    { weight: 3, arbitrary: fc.record({ unshiftCount: fc.nat({ max: 4 }) }) },
  ),
  { maxLength: 60, size: 'max' },
)

class Item implements ListNode<Item> {
  queue: LinkedQueue<Item> | undefined
  prevNode: Item | undefined
  nextNode: Item | undefined
}

describe('LinkedQueue', () => {
  it('behaves like an array with removal at any index', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const queue = new LinkedQueue<Item>()
        const model: Item[] = []
        for (const step of steps) {
          if (step === 'push') {
            const item = new Item()
            queue.push(item)
            model.push(item)
          } else if (step === 'clear') {
            const cleared = queue.clear()
            const expected = model.splice(0)
            expect(cleared.length).toBe(expected.length)
            expect(cleared.every((item, index) => item === expected[index] && !queue.has(item))).toBe(true)
          } else if ('unshiftCount' in step) {
            const other = new LinkedQueue<Item>()
            const unshifted = Array.from({ length: step.unshiftCount }, () => new Item())
            for (const item of unshifted) other.push(item)
            queue.unshiftAll(other)
            model.unshift(...unshifted)
            expect([other.first, other.length]).toEqual([undefined, 0])
          } else {
            const [removed] = model.splice(step.removeAt, 1)
            if (removed !== undefined) {
              expect([queue.remove(removed), queue.remove(removed)]).toEqual([true, false])
              expect([queue.has(removed), removed.prevNode, removed.nextNode]).toEqual([
                false,
                undefined,
                undefined,
              ])
            }
          }
          expect(queue.first === model[0]).toBe(true)
          expect(queue.length).toBe(model.length)
          expect(queue.items.every((item, index) => item === model[index] && queue.has(item))).toBe(true)
        }
        for (const item of model) expect(queue.shift() === item).toBe(true)
        expect([queue.first, queue.length, queue.shift()]).toEqual([undefined, 0, undefined])
      }),
      runs,
    )
  })

  it('appends a removed item again, and does not remove an item of another queue', () => {
    const [queue, other] = [new LinkedQueue<Item>(), new LinkedQueue<Item>()]
    const [a, b] = [new Item(), new Item()]
    queue.push(a)
    queue.push(b)
    queue.remove(a)
    queue.push(a)
    expect([queue.first === b, queue.length]).toEqual([true, 2])
    expect([other.has(a), other.remove(a), queue.has(a)]).toEqual([false, false, true])
    queue.remove(b)
    expect([queue.first === a, queue.length]).toEqual([true, 1])
  })
})
