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

function said(taken: PublishedMessage | undefined, name: string): string | undefined {
  return userProperty(taken?.message.userProperties, name)
}

describe('stamped', () => {
  it('says of requests and replies what mRPC says of them, and of nothing else', () => {
    inWorld((world) => {
      const [requested, answered] = [publishedBy(world, 'caller'), publishedBy(world, 'server')]
      const server = stamped()(world.link('server'))
      observe(world, requests$(server, echo, { headers: mrpcHeaders }).pipe(serve(({ value }) => of(value))))
      world.advance(50)
      const requester = stamped()(world.link('caller'))
      const call = observe(world, exchange$(requester, echo, 'x'))
      world.advance(50)
      expect(call.values).toEqual(['x'])
      const [[request], [response]] = [requested, answered]
      expect([said(request, '__srcId'), said(request, '__protVer')]).toEqual(['caller', '1.0'])
      expect([said(response, '__srcId'), said(response, '__protVer')]).toEqual([undefined, '1.0'])
      expect(said(request, '__ts')).toMatch(HLC)
      expect(said(response, '__ts')).toMatch(HLC)
      expect(String(said(response, '__ts')) > String(said(request, '__ts'))).toBe(true)
      observe(world, requester.publish$({ topic: 'other', payload: bytesOf('y') }))
      world.advance(50)
      expect(requested.at(-1)?.message.userProperties).toBeUndefined()
    })
  })
})

describe('mrpcHeaders', () => {
  const whole: Partial<OutgoingMessage> = {
    responseTopic: 'answers',
    correlationData: new Uint8Array(16),
    messageExpiryInterval: 5,
  }
  it.each([
    ['no correlation', { correlationData: undefined }, 'Correlation Data', undefined],
    ['another correlation', { correlationData: bytesOf('36') }, 'Correlation Data', '2 bytes'],
    ['no expiry', { messageExpiryInterval: undefined }, 'Message Expiry', undefined],
  ])('answers 400 to %s, naming the header; the next one is served', (_, change, name, value) => {
    inWorld((world) => {
      const answered = publishedBy(world, 'server')
      observe(
        world,
        requests$(world.link('server'), echo, { headers: mrpcHeaders }).pipe(serve(({ value }) => of(value))),
      )
      world.advance(50)
      for (const properties of [{ ...whole, ...change }, whole]) {
        const given = Object.entries(properties).filter(([, one]) => one !== undefined)
        world.broker.publish({ topic: 'echo', payload: bytesOf('x'), ...Object.fromEntries(given) })
        world.advance(50)
      }
      expect(answered.map((response) => said(response, '__stat'))).toEqual(['400', '200'])
      const [refusal] = answered
      expect([said(refusal, '__propName'), said(refusal, '__propVal')]).toEqual([name, value])
    })
  })
})

describe('a hybrid clock', () => {
  const inOrder = (stamps: readonly string[]): boolean =>
    stamps.every((stamp, index) => index === 0 || stamp > (stamps[index - 1] ?? ''))

  it('goes forward while the wall stands still or goes back', () => {
    const clock = new HybridClock()
    const stamps = [1_000, 1_000, 999, 1_001, 5].map((now) => clock.stamp(now))
    expect(inOrder(stamps)).toBe(true)
    expect(stamps[0]).toMatch(/^000000000001000:00000:/)
    expect(stamps[3]).toMatch(/^000000000001001:00000:/)
  })

  it('is later than what it heard', () => {
    const [clock, other] = [new HybridClock(), new HybridClock()]
    const heard = other.stamp(30_000)
    clock.hear(heard, 1_000)
    expect(inOrder([heard, clock.stamp(1_000), clock.stamp(31_000)])).toBe(true)
  })

  it.each(['', 'x', '000000000099999:00001', '000000000961000:00000:far-ahead'])(
    'does not believe %j',
    (stamp) => {
      const clock = new HybridClock()
      clock.hear(stamp, 900_000)
      expect(clock.stamp(900_001)).toMatch(/^000000000900001:00000:/)
    },
  )
})
