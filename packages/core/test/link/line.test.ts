import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Line, Place } from '../../src/link/line.js'
import { runs } from '../codec/runs.js'

type Step = 'push' | { readonly leave: number } | { readonly unshift: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Step>('push') },
    { weight: 2, arbitrary: fc.record({ leave: fc.nat({ max: 20 }) }) },
    { weight: 1, arbitrary: fc.record({ unshift: fc.nat({ max: 4 }) }) },
  ),
  { maxLength: 60, size: 'max' },
)

describe('Line', () => {
  it('behaves as an array does from which anything may be taken', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const line = new Line<number>()
        const model: Place<number>[] = []
        let next = 0
        for (const step of steps) {
          if (step === 'push') {
            const place = new Place(next++)
            line.push(place)
            model.push(place)
          } else if ('unshift' in step) {
            const other = new Line<number>()
            const places = Array.from({ length: step.unshift }, () => new Place(next++))
            for (const place of places) other.push(place)
            line.unshiftAll(other)
            model.unshift(...places)
            expect([other.first, other.length]).toEqual([undefined, 0])
          } else {
            const [left] = model.splice(step.leave, 1)
            left?.leave()
            left?.leave()
          }
          expect([line.first, line.length]).toEqual([model[0]?.holder, model.length])
        }
        for (const place of model) expect(line.shift()).toBe(place.holder)
        expect([line.first, line.length, line.shift()]).toEqual([undefined, 0, undefined])
      }),
      runs,
    )
  })

  it('takes back whoever has left, at the end', () => {
    const line = new Line<string>()
    const [a, b] = [new Place('a'), new Place('b')]
    line.push(a)
    line.push(b)
    a.leave()
    line.push(a)
    expect([line.first, line.length]).toEqual(['b', 2])
    b.leave()
    expect([line.first, line.length]).toEqual(['a', 1])
  })
})
