import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Turns, Waiter } from '../../src/responder/turns.js'
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
function one(holder: string): Waiter<string> {
  return new Waiter(holder, 'k')
}

describe('turns', () => {
  it('come to everybody, within a key one after the other in order, whatever happens', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const turns = new Turns<number>()
        const atWork: Waiter<number>[] = []
        const started: Waiter<number>[] = []
        let waiting: Waiter<number>[] = []
        let come = 0
        const begin = (waiter: Waiter<number>): void => {
          const others =
            waiter.key === undefined ? [] : atWork.filter(({ key }) => Object.is(key, waiter.key))
          expect(others).toEqual([])
          atWork.push(waiter)
          started.push(waiter)
        }
        const start = (): boolean => {
          const next = turns.next()
          if (next === undefined) return false
          waiting = waiting.filter((waiter) => waiter !== next)
          begin(next)
          return true
        }
        for (const step of steps) {
          if (step.do === 'come') {
            const waiter = new Waiter<number>(come++, step.key)
            if (turns.take(step.key)) begin(waiter)
            else {
              turns.wait(waiter)
              waiting.push(waiter)
            }
          } else if (step.do === 'start') start()
          else if (step.do === 'leave') {
            const [waiter] = waiting.splice(step.which, 1)
            if (waiter !== undefined) turns.leave(waiter)
          } else {
            const [ended] = atWork.splice(step.which, 1)
            if (ended !== undefined) turns.pass(ended.key)
          }
          expect(turns.length).toBe(waiting.length)
          expect([...turns.all].sort((left, right) => left.holder - right.holder)).toEqual(waiting)
        }
        while (start() || atWork.length > 0) turns.pass(atWork.shift()?.key)
        expect([turns.length, waiting]).toEqual([0, []])
        for (const one of ['a', 'b', NaN]) {
          const inOrder = started.filter(({ key }) => Object.is(key, one)).map(({ holder }) => holder)
          expect(inOrder).toEqual([...inOrder].sort((left, right) => left - right))
        }
        // Nothing is kept of keys that are over.
        expect([turns.take('a'), turns.take('b'), turns.take(NaN)]).toEqual([true, true, true])
      }),
      runs,
    )
  })

  it('are not given to who leaves, nor is leaving twice anybody else’s turn', () => {
    const turns = new Turns<string>()
    const [first, second, third] = [one('1'), one('2'), one('3')]
    turns.wait(first)
    turns.wait(second)
    turns.wait(third)
    turns.leave(first)
    turns.leave(first)
    expect(turns.next()).toBe(second)
    expect(turns.next()).toBeUndefined()
    turns.pass('k')
    expect(turns.next()).toBe(third)
  })
})
