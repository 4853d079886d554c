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
import { HybridClock } from '../../src/middleware/hybrid-clock.js'
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

describe('mrpcHeaders', () => {
  const valid: Partial<OutgoingMessage> = {
    responseTopic: 'responses',
    correlationData: new Uint8Array(16),
    messageExpiryInterval: 5,
  }
  it.each([
    ['no correlation', { correlationData: undefined }, 'Correlation Data', undefined],
    ['a correlation that is no UUID', { correlationData: bytesOf('36') }, 'Correlation Data', '2 bytes'],
    ['no expiry', { messageExpiryInterval: undefined }, 'Message Expiry', undefined],
  ])(
    'answers 400 with the header to a request with %s, and handles the next one',
    (_, change, name, value) => {
      inWorld((world) => {
        const responses = publishedBy(world, 'server')
        observe(
          world,
          requests$(world.link('server'), echo, { headers: mrpcHeaders }).pipe(
            serve(({ value }) => of(value)),
          ),
        )
        world.advance(50)
        for (const properties of [{ ...valid, ...change }, valid]) {
          const defined = Object.entries(properties).filter(([, value]) => value !== undefined)
          world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...Object.fromEntries(defined) })
          world.advance(50)
        }
        expect(responses.map((response) => propertyOf(response, '__stat'))).toEqual(['400', '200'])
        const [failure] = responses
        expect([propertyOf(failure, '__propName'), propertyOf(failure, '__propVal')]).toEqual([name, value])
      })
    },
  )
})

describe('HybridClock', () => {
  const isAscending = (stamps: readonly string[]): boolean =>
    stamps.every((stamp, index) => index === 0 || stamp > (stamps[index - 1] ?? ''))

  it('returns later timestamps even if the wall clock stands still or goes back', () => {
    const clock = new HybridClock()
    const stamps = [1_000, 1_000, 999, 1_001, 5].map((now) => clock.stamp(now))
    expect(isAscending(stamps)).toBe(true)
    expect(stamps[0]).toMatch(/^000000000001000:00000:/)
    expect(stamps[3]).toMatch(/^000000000001001:00000:/)
  })

  it('returns timestamps later than those it received', () => {
    const [clock, other] = [new HybridClock(), new HybridClock()]
    const received = other.stamp(30_000)
    clock.update(received, 1_000)
    expect(isAscending([received, clock.stamp(1_000), clock.stamp(31_000)])).toBe(true)
  })

  it.each(['', 'x', '000000000099999:00001', '000000000961000:00000:far-ahead'])(
    'ignores the timestamp %j',
    (stamp) => {
      const clock = new HybridClock()
      clock.update(stamp, 900_000)
      expect(clock.stamp(900_001)).toMatch(/^000000000900001:00000:/)
    },
  )
})
