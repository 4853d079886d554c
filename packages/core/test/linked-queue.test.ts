import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinkedQueue, type ListNode } from '../src/linked-queue.js'
import { runs } from './codec/runs.js'

type Step = 'push' | 'clear' | { readonly leave: number } | { readonly unshift: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: fc.constant<Step>('push') },
    { weight: 1, arbitrary: fc.constant<Step>('clear') },
    { weight: 6, arbitrary: fc.record({ leave: fc.nat({ max: 20 }) }) },
    { weight: 3, arbitrary: fc.record({ unshift: fc.nat({ max: 4 }) }) },
  ),
  { maxLength: 60, size: 'max' },
)

class Person implements ListNode<Person> {
  queue: LinkedQueue<Person> | undefined
  prevNode: Person | undefined
  nextNode: Person | undefined
}

describe('Line', () => {
  it('behaves as an array does from which anything may be taken', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const line = new LinkedQueue<Person>()
        const model: Person[] = []
        for (const step of steps) {
          if (step === 'push') {
            const person = new Person()
            line.push(person)
            model.push(person)
          } else if (step === 'clear') {
            const all = line.clear()
            const left = model.splice(0)
            expect(all.length).toBe(left.length)
            expect(all.every((person, place) => person === left[place] && !line.has(person))).toBe(true)
          } else if ('unshift' in step) {
            const other = new LinkedQueue<Person>()
            const people = Array.from({ length: step.unshift }, () => new Person())
            for (const person of people) other.push(person)
            line.unshiftAll(other)
            model.unshift(...people)
            expect([other.first, other.length]).toEqual([undefined, 0])
          } else {
            const [left] = model.splice(step.leave, 1)
            if (left !== undefined) {
              expect([line.remove(left), line.remove(left)]).toEqual([true, false])
              expect([line.has(left), left.prevNode, left.nextNode]).toEqual([false, undefined, undefined])
            }
          }
          expect(line.first === model[0]).toBe(true)
          expect(line.length).toBe(model.length)
          expect(line.items.every((person, place) => person === model[place] && line.has(person))).toBe(true)
        }
        for (const person of model) expect(line.shift() === person).toBe(true)
        expect([line.first, line.length, line.shift()]).toEqual([undefined, 0, undefined])
      }),
      runs,
    )
  })

  it('takes back whoever has left, at the end, and lets nobody go who stands in another', () => {
    const [line, other] = [new LinkedQueue<Person>(), new LinkedQueue<Person>()]
    const [a, b] = [new Person(), new Person()]
    line.push(a)
    line.push(b)
    line.remove(a)
    line.push(a)
    expect([line.first === b, line.length]).toEqual([true, 2])
    expect([other.has(a), other.remove(a), line.has(a)]).toEqual([false, false, true])
    line.remove(b)
    expect([line.first === a, line.length]).toEqual([true, 1])
  })
})
