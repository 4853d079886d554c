import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyedQueue, QueuedItem } from '../../src/responder/keyed-queue.js'
import { runs } from '../codec/runs.js'

/** What may happen: somebody comes, whoever is next starts, one at work ends, one who waits leaves. */
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('come' as const), key: fc.constantFrom(undefined, 'a', 'b', NaN) }),
    fc.record({ do: fc.constantFrom('start' as const) }),
    fc.record({ do: fc.constantFrom('end' as const, 'leave' as const), which: fc.nat(20) }),
  ),
  { maxLength: 100 },
)

/** Somebody of the key `k`. */
function one(holder: string): QueuedItem<string> {
  return new QueuedItem(holder, 'k')
}

describe('turns', () => {
  it('come to everybody, within a key one after the other in order, whatever happens', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const turns = new KeyedQueue<number>()
        const atWork: QueuedItem<number>[] = []
        const started: QueuedItem<number>[] = []
        let waiting: QueuedItem<number>[] = []
        let come = 0
        const begin = (waiter: QueuedItem<number>): void => {
          const others =
            waiter.key === undefined ? [] : atWork.filter(({ key }) => Object.is(key, waiter.key))
          expect(others).toEqual([])
          atWork.push(waiter)
          started.push(waiter)
        }
        const start = (): boolean => {
          const next = turns.shift()
          if (next === undefined) return false
          waiting = waiting.filter((waiter) => waiter !== next)
          begin(next)
          return true
        }
        for (const step of steps) {
          if (step.do === 'come') {
            const waiter = new QueuedItem<number>(come++, step.key)
            if (turns.tryClaim(step.key)) begin(waiter)
            else {
              turns.push(waiter)
              waiting.push(waiter)
            }
          } else if (step.do === 'start') start()
          else if (step.do === 'leave') {
            const [waiter] = waiting.splice(step.which, 1)
            if (waiter !== undefined) turns.remove(waiter)
          } else {
            const [ended] = atWork.splice(step.which, 1)
            if (ended !== undefined) turns.release(ended.key)
          }
          expect(turns.length).toBe(waiting.length)
          expect([...turns.items].sort((left, right) => left.item - right.item)).toEqual(waiting)
        }
        while (start() || atWork.length > 0) turns.release(atWork.shift()?.key)
        expect([turns.length, waiting]).toEqual([0, []])
        for (const one of ['a', 'b', NaN]) {
          const inOrder = started.filter(({ key }) => Object.is(key, one)).map(({ item: holder }) => holder)
          expect(inOrder).toEqual([...inOrder].sort((left, right) => left - right))
        }
        // Nothing is kept of keys that are over.
        expect([turns.tryClaim('a'), turns.tryClaim('b'), turns.tryClaim(NaN)]).toEqual([true, true, true])
      }),
      runs,
    )
  })

  it('are not given to who leaves, nor is leaving twice anybody else’s turn', () => {
    const turns = new KeyedQueue<string>()
    const [first, second, third] = [one('1'), one('2'), one('3')]
    turns.push(first)
    turns.push(second)
    turns.push(third)
    turns.remove(first)
    turns.remove(first)
    expect(turns.shift()).toBe(second)
    expect(turns.shift()).toBeUndefined()
    turns.release('k')
    expect(turns.shift()).toBe(third)
  })
})
