import {
  correlationData,
  endpoint,
  exchange$,
  mrpcHeaders,
  requests$,
  serve,
  stamped,
  text,
  userProperty,
  type OutgoingMessage,
} from '@antiphon/core'
import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { applicationClock, HybridClock } from '@antiphon/core/clock'
import { bytesOf, observe, publishedBy, type PublishedMessage } from '../observed.js'
import { inWorld } from '../world.js'

const echo = endpoint({
  topic: 'echo',
  request: text,
  response: text,
  correlation: correlationData({ format: 'bytes' }),
})
const HLC = /^\d{15}:\d{5}:[0-9a-f-]{36}$/

function propertyOf(published: PublishedMessage | undefined, name: string): string | undefined {
  return userProperty(published?.message.userProperties, name)
}

describe('stamped', () => {
  it('adds mRPC’s user properties to requests and responses, and to no other message', () => {
    inWorld((world) => {
      const [requests, responses] = [publishedBy(world, 'requester'), publishedBy(world, 'server')]
      const server = stamped()(world.link('server'))
      observe(world, requests$(server, echo, { headers: mrpcHeaders }).pipe(serve(({ value }) => of(value))))
      world.advance(50)
      const requester = stamped()(world.link('requester'))
      const exchange = observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      expect(exchange.values).toEqual(['x'])
      const [[request], [response]] = [requests, responses]
      expect([propertyOf(request, '__srcId'), propertyOf(request, '__protVer')]).toEqual(['requester', '1.0'])
      expect([propertyOf(response, '__srcId'), propertyOf(response, '__protVer')]).toEqual([undefined, '1.0'])
      expect(propertyOf(request, '__ts')).toMatch(HLC)
      expect(propertyOf(response, '__ts')).toMatch(HLC)
      expect(String(propertyOf(response, '__ts')) > String(propertyOf(request, '__ts'))).toBe(true)
      observe(world, requester.publish$({ topic: 'other', payload: bytesOf('y') }))
      world.advance(50)
      expect(requests.at(-1)?.message.userProperties).toBeUndefined()
    })
  })
})

describe('the clock of stamped', () => {
  it('is shared by the links of an application, and follows the timestamps of received messages', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'a')
      const [a, b] = [stamped()(world.link('a')), stamped()(world.link('b'))]
      observe(world, b.messages$('#'))
      world.advance(50)
      const received = new HybridClock({ wallClock: { now: () => 30_000 }, node: 'device' }).stamp()
      world.broker.publish({ topic: 'x', payload: bytesOf('x'), userProperties: [['__ts', received]] })
      world.advance(10)
      observe(world, a.publish$({ topic: 'y', payload: bytesOf('y'), responseTopic: 'z' }))
      world.advance(10)
      expect(propertyOf(published[0], '__ts')).toMatch(/^000000000030000:00001:/)
      expect(applicationClock(world.scheduler).latest).toMatchObject({ milliseconds: 30_000, count: 1 })
    })
  })

  it('can be set', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'a')
      const clock = new HybridClock({ wallClock: { now: () => 7 }, node: 'me' })
      const link = stamped({ clock })(world.link('a'))
      observe(world, link.publish$({ topic: 'y', payload: bytesOf('y'), responseTopic: 'z' }))
      world.advance(10)
      expect(propertyOf(published[0], '__ts')).toBe('000000000000007:00000:me')
      expect(() => stamped({ clok: clock } as never)).toThrow('options.clok is not known')
    })
  })
})

describe('mrpcHeaders', () => {
  const valid: Partial<OutgoingMessage> = {
    responseTopic: 'responses',
    correlationData: new Uint8Array(16),
    messageExpiryInterval: 5,
  }
  it.each([
    [
      'no correlation',
      { correlationData: undefined },
      ['the correlation is missing', 'Correlation Data', undefined],
    ],
    [
      'a correlation that is no UUID',
      { correlationData: bytesOf('36') },
      ['the correlation must be a UUID of 16 bytes', 'Correlation Data', '2 bytes'],
    ],
    [
      'no expiry',
      { messageExpiryInterval: undefined },
      ['the expiry is missing', 'Message Expiry', undefined],
    ],
  ])('answers 400 with the header to a request with %s, and handles the next one', (_, change, expected) => {
    inWorld((world) => {
      const responses = publishedBy(world, 'server')
      observe(
        world,
        requests$(world.link('server'), echo, { headers: mrpcHeaders }).pipe(serve(({ value }) => of(value))),
      )
      world.advance(50)
      for (const properties of [{ ...valid, ...change }, valid]) {
        const defined = Object.entries(properties).filter(([, value]) => value !== undefined)
        world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...Object.fromEntries(defined) })
        world.advance(50)
      }
      expect(responses.map((response) => propertyOf(response, '__stat'))).toEqual(['400', '200'])
      const [failure] = responses
      expect(['__stMsg', '__propName', '__propVal'].map((name) => propertyOf(failure, name))).toEqual(
        expected,
      )
    })
  })
})
