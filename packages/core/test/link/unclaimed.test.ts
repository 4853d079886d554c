import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Unclaimed, type Arrival } from '../../src/link/unclaimed.js'
import type { Receipt } from '../../src/link/acknowledgements.js'
import { runs } from '../codec/runs.js'
import { arrival, textOf } from './messages.js'

const receipt: Receipt = {
  handTo: () => ({ message: arrival('a'), acknowledge: () => undefined }),
  seal: () => undefined,
}
const held = (text: string): Arrival => ({
  message: arrival('a', text),
  receipt,
  given: new Set(),
  isClaimed: false,
})
const bounds = { messages: 100, bytes: 100, keepFor: 0 }

describe('unclaimed messages', () => {
  it('are offered in order to whom they are for, once by every filter, until nobody awaits them', () => {
    const gone: string[] = []
    const unclaimed = new Unclaimed(bounds, ({ message, isClaimed }) =>
      gone.push(`${textOf(message)} ${isClaimed ? 'claimed' : 'unclaimed'}`),
    )
    for (const text of ['a1', 'b2', 'a3', 'b4', 'c5']) unclaimed.hold(held(text))
    const taken: string[] = []
    const offer = (letter: string): void =>
      unclaimed.offer(
        letter,
        (message) => textOf(message).startsWith(letter),
        ({ message }) => taken.push(textOf(message)),
      )
    offer('a')
    offer('b')
    offer('b')
    expect(taken).toEqual(['a1', 'a3', 'b2', 'b4'])
    expect(gone).toEqual([])
    unclaimed.settle(({ message }) => textOf(message).startsWith('b'))
    expect(gone).toEqual(['a1 claimed', 'a3 claimed', 'c5 unclaimed'])
    taken.length = 0
    unclaimed.offer(
      'again',
      () => true,
      ({ message }) => taken.push(textOf(message)),
    )
    expect(taken).toEqual(['b2', 'b4'])
  })

  it('are let go from the oldest on where they are too many or too large', () => {
    const sizes = fc.array(fc.nat({ max: 12 }), { maxLength: 30 })
    fc.assert(
      fc.property(sizes, fc.nat({ max: 8 }), fc.nat({ max: 30 }), (sizes, messages, bytes) => {
        const gone: string[] = []
        const unclaimed = new Unclaimed({ messages, bytes, keepFor: 0 }, ({ message }) =>
          gone.push(message.topic),
        )
        const model: { readonly topic: string; readonly size: number }[] = []
        const expected: string[] = []
        for (const [place, size] of sizes.entries()) {
          const topic = `${place}`
          model.push({ topic, size })
          unclaimed.hold({
            message: arrival(topic, 'x'.repeat(size)),
            receipt,
            given: new Set(),
            isClaimed: false,
          })
          while (model.length > messages || model.reduce((sum, one) => sum + one.size, 0) > bytes) {
            expected.push(model.shift()?.topic ?? '')
          }
          expect(gone).toEqual(expected)
        }
        const kept: string[] = []
        unclaimed.offer(
          '#',
          () => true,
          ({ message }) => kept.push(message.topic),
        )
        expect(kept).toEqual(model.map(({ topic }) => topic))
      }),
      runs,
    )
  })

  it('make room when they are let go', () => {
    const gone: string[] = []
    const unclaimed = new Unclaimed({ messages: 2, bytes: 4, keepFor: 0 }, ({ message }) =>
      gone.push(textOf(message)),
    )
    unclaimed.hold(held('1234'))
    unclaimed.settle(() => false)
    unclaimed.hold(held('5678'))
    unclaimed.forget()
    unclaimed.hold(held('9abc'))
    expect(gone).toEqual(['1234'])
  })

  it('are not let go when they are forgotten: their connection is gone', () => {
    const gone: Arrival[] = []
    const unclaimed = new Unclaimed(bounds, (one) => gone.push(one))
    unclaimed.hold(held('1'))
    unclaimed.forget()
    unclaimed.settle(() => false)
    unclaimed.offer(
      '#',
      () => true,
      (one) => gone.push(one),
    )
    expect(gone).toEqual([])
  })

  it('may be held, let go and forgotten from within an offer', () => {
    const log: string[] = []
    const unclaimed = new Unclaimed(bounds, ({ message }) => log.push(`let go ${textOf(message)}`))
    for (const text of ['1', '2', '3']) unclaimed.hold(held(text))
    let offers = 0
    const takeAll = (onTake: (text: string) => void): void =>
      unclaimed.offer(
        `${offers++}`,
        () => true,
        ({ message }) => {
          log.push(textOf(message))
          onTake(textOf(message))
        },
      )
    takeAll((text) => {
      if (text === '1') unclaimed.hold(held('4'))
    })
    expect(log.splice(0)).toEqual(['1', '2', '3'])
    takeAll((text) => {
      if (text === '2') unclaimed.forget()
    })
    expect(log.splice(0)).toEqual(['1', '2'])
    unclaimed.hold(held('5'))
    unclaimed.settle(() => {
      unclaimed.hold(held('6'))
      return false
    })
    takeAll(() => undefined)
    expect(log).toEqual(['let go 5', '6'])
  })

  it('cost the same however many they are', () => {
    const count = 100_000
    let gone = 0
    const unclaimed = new Unclaimed({ messages: count, bytes: Infinity, keepFor: 0 }, () => gone++)
    const message = arrival('a')
    for (let held = 0; held < count; held++)
      unclaimed.hold({ message, receipt, given: new Set(), isClaimed: false })
    unclaimed.settle(() => false)
    expect(gone).toBe(count)
  })
})
