import { correlationData, inOrder, payloadField, text, type Correlation, type Message } from '@antiphon/core'
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../../src/requester/exchange.js'
import { TokenIndex } from '../../src/requester/token-index.js'
import { bytesOf } from '../observed.js'

/** A pending exchange as an index sees it, with the topics of the responses that it has received. */
interface PendingExchange {
  readonly exchange: Exchange
  readonly received: readonly string[]
}

function pending(responseTopic: string, token: string, failureTopic?: string): PendingExchange {
  const received: string[] = []
  const exchange = {
    request: { responseTopic, failureTopic, token, codecOf: () => text },
    requester: { endpoint: { response: text }, rules: {} },
    receive: ({ message: { topic } }: { readonly message: Message }) => received.push(topic),
  }
  return { exchange: exchange as unknown as Exchange, received }
}

function responseOn(topic: string, token: string): Message {
  const message = { topic, payload: bytesOf(''), qos: 1, retain: false, dup: false } as const
  return token === '' ? message : { ...message, correlationData: bytesOf(token) }
}

/** Creates an index of exchanges, all of which it accepts. */
function indexOf(
  exchanges: readonly PendingExchange[],
  correlation: Correlation = correlationData(),
): TokenIndex {
  const index = new TokenIndex(correlation)
  expect(exchanges.map(({ exchange }) => index.add(exchange))).toEqual(exchanges.map(() => true))
  return index
}

describe('the exchanges of a token index', () => {
  it('receive the responses on their response topic and on that for failures', () => {
    const first = pending('first', 'a', 'failures')
    const second = pending('second', 'b', 'failures')
    const index = indexOf([first, second])
    expect(index.size).toBe(2)
    for (const topic of ['first', 'failures']) expect(index.dispatch(responseOn(topic, 'a'))).toBe(true)
    expect(index.dispatch(responseOn('failures', 'b'))).toBe(true)
    expect([first.received, second.received]).toEqual([['first', 'failures'], ['failures']])
  })

  it('receive no response with the token of another topic', () => {
    const index = indexOf([pending('first', 'a'), pending('second', 'b')])
    expect(index.dispatch(responseOn('first', 'b'))).toBe(false)
    expect(index.dispatch(responseOn('third', 'a'))).toBe(false)
  })

  it('receive nothing on either topic after they were removed', () => {
    const removed = pending('first', 'a', 'failures')
    const kept = pending('first', 'b', 'failures')
    const index = indexOf([removed, kept])
    index.remove(removed.exchange)
    expect(index.size).toBe(1)
    for (const topic of ['first', 'failures']) {
      expect(index.dispatch(responseOn(topic, 'a'))).toBe(false)
      expect(index.dispatch(responseOn(topic, 'b'))).toBe(true)
    }
    expect([removed.received, kept.received]).toEqual([[], ['first', 'failures']])
  })
})

describe('an exchange whose topic for failures is taken', () => {
  it('is refused, and leaves its response topic to others', () => {
    const index = indexOf([pending('first', 'a', 'failures')])
    const refused = pending('second', 'a', 'failures')
    expect(index.add(refused.exchange)).toBe(false)
    expect(index.dispatch(responseOn('second', 'a'))).toBe(false)
    const other = pending('second', 'a')
    expect(index.add(other.exchange)).toBe(true)
    expect(index.size).toBe(2)
    expect(index.dispatch(responseOn('second', 'a'))).toBe(true)
    expect([refused.received, other.received]).toEqual([[], ['second']])
  })
})

describe('removing an exchange that was not added', () => {
  it.each<[what: string, correlation: Correlation, token: string, added: number]>([
    ['keeps the one under its key', correlationData(), 'a', 1],
    ['keeps all that share its key', inOrder(), '', 2],
  ])('%s', (_, correlation, token, added) => {
    const exchanges = Array.from({ length: added }, () => pending('responses', token))
    const index = indexOf(exchanges, correlation)
    for (const topic of ['responses', 'elsewhere']) index.remove(pending(topic, token).exchange)
    expect(index.size).toBe(added)
    expect(index.dispatch(responseOn('responses', token))).toBe(true)
    expect(exchanges.map(({ received }) => received.length)).toEqual(added === 1 ? [1] : [1, 0])
  })
})

describe('exchanges whose correlation reads the payload', () => {
  it('are refused under the same token if they have the same codec', () => {
    const index = indexOf([pending('responses', 'a')], payloadField('id'))
    expect(index.add(pending('responses', 'a').exchange)).toBe(false)
    expect(index.size).toBe(1)
  })
})
