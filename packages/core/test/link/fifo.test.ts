import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fifo } from '../../src/link/fifo.js'
import { runs } from '../codec/runs.js'

type Step = 'clear' | { readonly push: number } | { readonly shift: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 6, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
)

describe('Fifo', () => {
  it('behaves like an array of any length', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20, size: 'max' }), (steps) => {
        const fifo = new Fifo<number>()
        let model: number[] = []
        let next = 0
        for (const step of steps) {
          if (step === 'clear') {
            fifo.clear()
            model = []
          } else if ('push' in step) {
            for (let count = 0; count < step.push; count++) {
              fifo.push(next)
              model.push(next++)
            }
          } else {
            const expected = model.splice(0, step.shift)
            const shifted = Array.from({ length: step.shift }, () => fifo.shift())
            expect(shifted.filter((item) => item !== undefined)).toEqual(expected)
          }
          expect(fifo.length).toBe(model.length)
          expect(fifo.peek()).toBe(model[0])
        }
      }),
      runs,
    )
  })

  it('returns undefined from an empty queue and stays usable', () => {
    const fifo = new Fifo<string>()
    expect(fifo.shift()).toBeUndefined()
    expect(fifo.length).toBe(0)
    fifo.push('a')
    expect([fifo.shift(), fifo.shift(), fifo.length]).toEqual(['a', undefined, 0])
  })

  it('shifts 100 000 items in linear time', () => {
    const fifo = new Fifo<number>()
    for (let count = 0; count < 100_000; count++) fifo.push(count)
    let sum = 0
    for (let item = fifo.shift(); item !== undefined; item = fifo.shift()) sum += item
    expect(sum).toBe((100_000 * 99_999) / 2)
  })
})
