import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnroutedMessages, type UnroutedMessage } from '../../src/link/unrouted-messages.js'
import type { Receipt } from '../../src/link/acknowledgements.js'
import { runs } from '../codec/runs.js'
import { arrival, textOf } from './messages.js'

const receipt: Receipt = {
  deliverTo: () => ({ message: arrival('a'), acknowledge: () => undefined }),
  seal: () => undefined,
}
const unroutedMessage = (text: string): UnroutedMessage => ({
  message: arrival('a', text),
  receipt,
  deliveredTo: new Set(),
  isDelivered: false,
})
const bounds = { messages: 100, bytes: 100, ttl: 0 }

describe('unclaimed messages', () => {
  it('are offered in order to whom they are for, once by every filter, until nobody awaits them', () => {
    const released: string[] = []
    const unrouted = new UnroutedMessages(bounds, ({ message, isDelivered }) =>
      released.push(`${textOf(message)} ${isDelivered ? 'claimed' : 'unclaimed'}`),
    )
    for (const text of ['a1', 'b2', 'a3', 'b4', 'c5']) unrouted.add(unroutedMessage(text))
    const delivered: string[] = []
    const offer = (letter: string): void =>
      unrouted.offer(
        letter,
        (message) => textOf(message).startsWith(letter),
        ({ message }) => delivered.push(textOf(message)),
      )
    offer('a')
    offer('b')
    offer('b')
    expect(delivered).toEqual(['a1', 'a3', 'b2', 'b4'])
    expect(released).toEqual([])
    unrouted.releaseUnawaited(({ message }) => textOf(message).startsWith('b'))
    expect(released).toEqual(['a1 claimed', 'a3 claimed', 'c5 unclaimed'])
    delivered.length = 0
    unrouted.offer(
      'again',
      () => true,
      ({ message }) => delivered.push(textOf(message)),
    )
    expect(delivered).toEqual(['b2', 'b4'])
  })

  it('are let go from the oldest on where they are too many or too large', () => {
    const sizes = fc.array(fc.nat({ max: 12 }), { maxLength: 30 })
    fc.assert(
      fc.property(sizes, fc.nat({ max: 8 }), fc.nat({ max: 30 }), (sizes, messages, bytes) => {
        const released: string[] = []
        const unrouted = new UnroutedMessages({ messages, bytes, ttl: 0 }, ({ message }) =>
          released.push(message.topic),
        )
        const model: { readonly topic: string; readonly size: number }[] = []
        const expected: string[] = []
        for (const [place, size] of sizes.entries()) {
          const topic = `${place}`
          model.push({ topic, size })
          unrouted.add({
            message: arrival(topic, 'x'.repeat(size)),
            receipt,
            deliveredTo: new Set(),
            isDelivered: false,
          })
          while (model.length > messages || model.reduce((sum, one) => sum + one.size, 0) > bytes) {
            expected.push(model.shift()?.topic ?? '')
          }
          expect(released).toEqual(expected)
        }
        const kept: string[] = []
        unrouted.offer(
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
    const released: string[] = []
    const unrouted = new UnroutedMessages({ messages: 2, bytes: 4, ttl: 0 }, ({ message }) =>
      released.push(textOf(message)),
    )
    unrouted.add(unroutedMessage('1234'))
    unrouted.releaseUnawaited(() => false)
    unrouted.add(unroutedMessage('5678'))
    unrouted.clear()
    unrouted.add(unroutedMessage('9abc'))
    expect(released).toEqual(['1234'])
  })

  it('are not let go when they are forgotten: their connection is gone', () => {
    const released: UnroutedMessage[] = []
    const unrouted = new UnroutedMessages(bounds, (one) => released.push(one))
    unrouted.add(unroutedMessage('1'))
    unrouted.clear()
    unrouted.releaseUnawaited(() => false)
    unrouted.offer(
      '#',
      () => true,
      (one) => released.push(one),
    )
    expect(released).toEqual([])
  })

  it('may be held, let go and forgotten from within an offer', () => {
    const log: string[] = []
    const unrouted = new UnroutedMessages(bounds, ({ message }) => log.push(`let go ${textOf(message)}`))
    for (const text of ['1', '2', '3']) unrouted.add(unroutedMessage(text))
    let offers = 0
    const takeAll = (onTake: (text: string) => void): void =>
      unrouted.offer(
        `${offers++}`,
        () => true,
        ({ message }) => {
          log.push(textOf(message))
          onTake(textOf(message))
        },
      )
    takeAll((text) => {
      if (text === '1') unrouted.add(unroutedMessage('4'))
    })
    expect(log.splice(0)).toEqual(['1', '2', '3'])
    takeAll((text) => {
      if (text === '2') unrouted.clear()
    })
    expect(log.splice(0)).toEqual(['1', '2'])
    unrouted.add(unroutedMessage('5'))
    unrouted.releaseUnawaited(() => {
      unrouted.add(unroutedMessage('6'))
      return false
    })
    takeAll(() => undefined)
    expect(log).toEqual(['let go 5', '6'])
  })

  it('cost the same however many they are', () => {
    const count = 100_000
    let released = 0
    const unrouted = new UnroutedMessages({ messages: count, bytes: Infinity, ttl: 0 }, () => released++)
    const message = arrival('a')
    for (let unroutedMessage = 0; unroutedMessage < count; unroutedMessage++)
      unrouted.add({ message, receipt, deliveredTo: new Set(), isDelivered: false })
    unrouted.releaseUnawaited(() => false)
    expect(released).toBe(count)
  })
})
