import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LinkedQueue } from '../../src/linked-queue.js'
import { KeyedQueue, type KeyedNode } from '../../src/responder/keyed-queue.js'
import { runs } from '../codec/runs.js'

/** Steps: an item arrives, the next one starts, a running one ends, a queued one is removed. */
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('arrive' as const), key: fc.constantFrom(undefined, 'a', 'b', NaN) }),
    fc.record({ do: fc.constantFrom('start' as const) }),
    fc.record({ do: fc.constantFrom('end' as const, 'remove' as const), which: fc.nat(20) }),
  ),
  { maxLength: 100 },
)

/** An item with a key. */
class QueuedItem<A> implements KeyedNode<QueuedItem<A>> {
  readonly item: A
  readonly key: unknown
  queue: LinkedQueue<QueuedItem<A>> | undefined = undefined
  prevNode: QueuedItem<A> | undefined = undefined
  nextNode: QueuedItem<A> | undefined = undefined

  constructor(item: A, key: unknown) {
    this.item = item
    this.key = key
  }
}

/** Creates an item with the key `k`. */
function itemOf(item: string): QueuedItem<string> {
  return new QueuedItem(item, 'k')
}

describe('KeyedQueue', () => {
  it('releases every item, those of a key one at a time and in order', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const queue = new KeyedQueue<QueuedItem<number>>()
        const running: QueuedItem<number>[] = []
        const started: QueuedItem<number>[] = []
        let waiting: QueuedItem<number>[] = []
        let arrived = 0
        const begin = (queued: QueuedItem<number>): void => {
          const others =
            queued.key === undefined ? [] : running.filter(({ key }) => Object.is(key, queued.key))
          expect(others).toEqual([])
          running.push(queued)
          started.push(queued)
        }
        const start = (): boolean => {
          const next = queue.shift()
          if (next === undefined) return false
          waiting = waiting.filter((queued) => queued !== next)
          begin(next)
          return true
        }
        for (const step of steps) {
          if (step.do === 'arrive') {
            const queued = new QueuedItem<number>(arrived++, step.key)
            if (queue.tryClaim(step.key)) begin(queued)
            else {
              queue.push(queued)
              waiting.push(queued)
            }
          } else if (step.do === 'start') start()
          else if (step.do === 'remove') {
            const [queued] = waiting.splice(step.which, 1)
            if (queued !== undefined) queue.remove(queued)
          } else {
            const [ended] = running.splice(step.which, 1)
            if (ended !== undefined) queue.release(ended.key)
          }
          expect(queue.length).toBe(waiting.length)
          expect([...queue.items].sort((left, right) => left.item - right.item)).toEqual(waiting)
        }
        while (start() || running.length > 0) queue.release(running.shift()?.key)
        expect([queue.length, waiting]).toEqual([0, []])
        for (const key of ['a', 'b', NaN]) {
          const inOrder = started.filter((queued) => Object.is(queued.key, key)).map(({ item }) => item)
          expect(inOrder).toEqual([...inOrder].sort((left, right) => left - right))
        }
        // Released keys leave no state behind.
        expect([queue.tryClaim('a'), queue.tryClaim('b'), queue.tryClaim(NaN)]).toEqual([true, true, true])
      }),
      runs,
    )
  })

  it('does not release a removed item, nor another when an item is removed twice', () => {
    const queue = new KeyedQueue<QueuedItem<string>>()
    const [first, second, third] = [itemOf('1'), itemOf('2'), itemOf('3')]
    queue.push(first)
    queue.push(second)
    queue.push(third)
    queue.remove(first)
    queue.remove(first)
    expect(queue.shift()).toBe(second)
    expect(queue.shift()).toBeUndefined()
    queue.release('k')
    expect(queue.shift()).toBe(third)
  })

  it('claims no key while a ready item waits', () => {
    const queue = new KeyedQueue<QueuedItem<string>>()
    queue.push(itemOf('1'))
    expect([queue.tryClaim(undefined), queue.tryClaim('other')]).toEqual([false, false])
    queue.shift()
    expect([queue.tryClaim(undefined), queue.tryClaim('other'), queue.tryClaim('k')]).toEqual([
      true,
      true,
      false,
    ])
  })

  it('makes all items without a key ready at once', () => {
    const queue = new KeyedQueue<QueuedItem<string>>()
    const items = ['1', '2'].map((item) => new QueuedItem(item, undefined))
    expect(items.map((item) => queue.push(item))).toEqual([true, true])
    expect([queue.shift(), queue.shift()]).toEqual(items)
  })

  it('returns whether a removed item was queued', () => {
    const queue = new KeyedQueue<QueuedItem<string>>()
    const [ready, held, other] = [itemOf('1'), itemOf('2'), itemOf('3')]
    queue.push(ready)
    queue.push(held)
    expect([other, held, held, ready, ready].map((item) => queue.remove(item))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ])
    expect(queue.length).toBe(0)
  })

  it('ignores the release of a key that is not claimed', () => {
    const queue = new KeyedQueue<QueuedItem<string>>()
    queue.release('k')
    expect(queue.tryClaim('k')).toBe(true)
  })
})
