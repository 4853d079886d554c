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

describe('UnroutedMessages', () => {
  it('delivers matching messages in order, once per filter, until they are released', () => {
    const released: string[] = []
    const unrouted = new UnroutedMessages(bounds, ({ message, isDelivered }) =>
      released.push(`${textOf(message)} ${isDelivered ? 'delivered' : 'undelivered'}`),
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
    expect(released).toEqual(['a1 delivered', 'a3 delivered', 'c5 undelivered'])
    delivered.length = 0
    unrouted.offer(
      'again',
      () => true,
      ({ message }) => delivered.push(textOf(message)),
    )
    expect(delivered).toEqual(['b2', 'b4'])
  })

  it('releases the oldest messages beyond its bounds', () => {
    const sizes = fc.array(fc.nat({ max: 12 }), { maxLength: 30 })
    fc.assert(
      fc.property(sizes, fc.nat({ max: 8 }), fc.nat({ max: 30 }), (sizes, messages, bytes) => {
        const released: string[] = []
        const unrouted = new UnroutedMessages({ messages, bytes, ttl: 0 }, ({ message }) =>
          released.push(message.topic),
        )
        const model: { readonly topic: string; readonly size: number }[] = []
        const expected: string[] = []
        for (const [index, size] of sizes.entries()) {
          const topic = `${index}`
          model.push({ topic, size })
          unrouted.add({
            message: arrival(topic, 'x'.repeat(size)),
            receipt,
            deliveredTo: new Set(),
            isDelivered: false,
          })
          while (model.length > messages || model.reduce((sum, { size }) => sum + size, 0) > bytes) {
            expected.push(model.shift()?.topic ?? '')
          }
          expect(released).toEqual(expected)
        }
        const remaining: string[] = []
        unrouted.offer(
          '#',
          () => true,
          ({ message }) => remaining.push(message.topic),
        )
        expect(remaining).toEqual(model.map(({ topic }) => topic))
      }),
      runs,
    )
  })

  it('has room again after releasing and clearing', () => {
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

  it('does not call onRelease for cleared messages', () => {
    const released: UnroutedMessage[] = []
    const unrouted = new UnroutedMessages(bounds, (message) => released.push(message))
    unrouted.add(unroutedMessage('1'))
    unrouted.clear()
    unrouted.releaseUnawaited(() => false)
    unrouted.offer(
      '#',
      () => true,
      (message) => released.push(message),
    )
    expect(released).toEqual([])
  })

  it('can be added to and cleared from its own callbacks', () => {
    const log: string[] = []
    const unrouted = new UnroutedMessages(bounds, ({ message }) => log.push(`released ${textOf(message)}`))
    for (const text of ['1', '2', '3']) unrouted.add(unroutedMessage(text))
    let offers = 0
    const deliverAll = (onDelivery: (text: string) => void): void =>
      unrouted.offer(
        `${offers++}`,
        () => true,
        ({ message }) => {
          log.push(textOf(message))
          onDelivery(textOf(message))
        },
      )
    deliverAll((text) => {
      if (text === '1') unrouted.add(unroutedMessage('4'))
    })
    expect(log.splice(0)).toEqual(['1', '2', '3'])
    deliverAll((text) => {
      if (text === '2') unrouted.clear()
    })
    expect(log.splice(0)).toEqual(['1', '2'])
    unrouted.add(unroutedMessage('5'))
    unrouted.releaseUnawaited(() => {
      unrouted.add(unroutedMessage('6'))
      return false
    })
    deliverAll(() => undefined)
    expect(log).toEqual(['released 5', '6'])
  })

  it('adds and releases 100 000 messages in linear time', () => {
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
