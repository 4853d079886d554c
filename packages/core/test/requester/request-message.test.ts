import {
  bytes,
  correlationData,
  endpoint,
  exchange$,
  json,
  text,
  topicParams,
  type Correlation,
  type ExchangeOptions,
  type OutgoingMessage,
} from '@antiphon/core'
import type { LinkOptions } from '@antiphon/core/link'
import type { VirtualBrokerOptions, VirtualClientOptions } from '@antiphon/testing'
import * as t from 'io-ts'
import { parse, validate, version } from 'uuid'
import { describe, expect, it } from 'vitest'
import { respondOn, bytesOf, observe, publishedBy, responseTo, textOf, type PublishedMessage } from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

interface Setting {
  readonly options?: ExchangeOptions
  readonly client?: VirtualClientOptions & LinkOptions
  readonly broker?: Partial<VirtualBrokerOptions>
  /** How long virtual time runs. */
  readonly until?: number
}

/** All that a caller publishes for one question that nobody answers. */
function requested({
  options = {},
  client = {},
  broker = {},
  until = 60_000,
}: Setting = {}): readonly PublishedMessage[] {
  let taken: readonly PublishedMessage[] = []
  inWorld((world) => {
    const { clientId = 'caller' } = client
    taken = publishedBy(world, clientId)
    observe(world, exchange$(world.link(clientId, client), echo, 'question', options))
    world.advance(until)
  }, broker)
  return taken
}

/** Where a caller wants its answer. */
function responseTopic(setting: Setting): string | undefined {
  return requested(setting)[0]?.message.responseTopic
}

describe('a request on the wire', () => {
  it('has the properties of the table, QoS 1 and no retain', () => {
    const [request] = requested()
    const { correlationData: token = new Uint8Array(), ...message } = request?.message ?? echoNothing
    expect(message).toEqual({
      topic: 'echo',
      payload: bytesOf('question'),
      qos: 1,
      retain: false,
      responseTopic: 'response/caller',
      contentType: 'text/plain',
      payloadFormatIndicator: true,
      messageExpiryInterval: 5,
    })
    const id = textOf({ payload: token })
    expect(token).toHaveLength(36)
    expect(validate(id) && version(id)).toBe(4)
  })

  it('says format indicator 0 for what is not text', () => {
    inWorld((world) => {
      const raw = endpoint({ topic: 'raw', request: bytes, response: bytes })
      const taken = publishedBy(world, 'caller')
      observe(world, exchange$(world.link('caller'), raw, Uint8Array.of(0, 255)))
      world.advance(10)
      expect(taken[0]?.message).toMatchObject({
        payloadFormatIndicator: false,
        contentType: bytes.contentType,
      })
    })
  })

  it.each([0, 1, 2] as const)('goes at QoS %d where the caller says so', (qos) => {
    expect(requested({ options: { qos } })[0]?.message.qos).toBe(qos)
  })

  it('carries the user properties of the caller', () => {
    const userProperties = [
      ['tenant', 'a'],
      ['tenant', 'b'],
    ] as const
    expect(requested({ options: { userProperties } })[0]?.message.userProperties).toEqual(userProperties)
  })

  it('has a correlation of its own for each question', () => {
    inWorld((world) => {
      const taken = publishedBy(world, 'caller')
      const requester = world.link('caller')
      for (let count = 0; count < 100; count++) observe(world, exchange$(requester, echo, 'x'))
      world.advance(10)
      const tokens = taken.map(({ message }) => textOf({ payload: message.correlationData ?? bytesOf('') }))
      expect(new Set(tokens).size).toBe(100)
    })
  })

  it('has 16 raw bytes of correlation where the endpoint says so', () => {
    inWorld((world) => {
      const raw = endpoint({
        topic: 'echo',
        request: text,
        response: text,
        correlation: correlationData({ format: 'bytes' }),
      })
      const taken = publishedBy(world, 'caller')
      respondOn(world, 'echo', (request) => [responseTo(request, 'found')])
      world.advance(10)
      const call = observe(world, exchange$(world.link('caller'), raw, 'x'))
      world.advance(10)
      expect(taken[0]?.message.correlationData).toHaveLength(16)
      expect(call.values).toEqual(['found'])
    })
  })

  it('names a correlation of raw bytes as the UUID it is', () => {
    inWorld((world) => {
      const raw = endpoint({
        topic: 'echo',
        request: text,
        response: text,
        correlation: correlationData({ format: 'bytes' }),
      })
      const taken = publishedBy(world, 'caller')
      const call = observe(world, exchange$(world.link('caller'), raw, 'x', { timeout: 100 }))
      world.advance(200)
      const error = call.ending()
      if (typeof error !== 'object') throw new Error('it did not fail')
      expect(parse(error.correlation ?? '')).toEqual(taken[0]?.message.correlationData)
    })
  })
})

describe('the Message Expiry Interval', () => {
  it.each([
    [0.5, 1],
    [999, 1],
    [1_000, 1],
    [1_001, 1],
    [1_010, 2],
    [5_000, 5],
    [60_000, 60],
    [86_400_000, 86_400],
  ])('of a timeout of %d ms is %d', (timeout, expected) => {
    inWorld((world) => {
      const taken = publishedBy(world, 'caller')
      const requester = world.link('caller')
      // Warm, so that the question leaves in the instant in which it is asked.
      observe(world, exchange$(requester, echo, 'x'))
      world.advance(100)
      observe(world, exchange$(requester, echo, 'y', { timeout }))
      world.advance(100)
      const [, interval] = taken.map(({ message }) => message.messageExpiryInterval)
      expect(interval).toBe(Math.max(1, Math.ceil(timeout / 1_000)))
      if (timeout !== 1_001) expect(interval).toBe(expected)
    })
  })

  it('is the remaining timeout, whatever was spent on connecting', () => {
    const [request] = requested({ options: { timeout: 10_000 }, broker: { latency: 1_000 } })
    // CONNECT, CONNACK, SUBSCRIBE, SUBACK: four seconds are gone.
    expect(request?.message.messageExpiryInterval).toBe(6)
  })
})

describe('the Response Topic', () => {
  it.each([
    ['caller', 'response/caller'],
    ['floor/1#a+b', 'response/floor%2F1%23a%2Bb'],
    ['100%', 'response/100%25'],
    ['ünïcödé', 'response/ünïcödé'],
  ])('of a client called %s is %s', (clientId, expected) => {
    expect(responseTopic({ client: { clientId } })).toBe(expected)
  })

  it.each([
    ['tenants/7', 'tenants/7/response/caller'],
    ['tenants/7/', 'tenants/7/response/caller'],
    ['', 'response/caller'],
  ])('lies under the Response Information %j that the broker gave', (responseInformation, expected) => {
    expect(responseTopic({ broker: { limits: { responseInformation } } })).toBe(expected)
  })

  it('is that of a pool instance where the caller says so', () => {
    expect(responseTopic({ options: { responseTopic: 'response/pool/instance1' } })).toBe(
      'response/pool/instance1',
    )
  })

  it('is the endpoint’s own where it has one, subscribed by its filter', () => {
    inWorld((world) => {
      const unlock = endpoint({
        topic: 'vehicles/unlock/req/{car}/{mobile}',
        responseTopic: 'vehicles/unlock/res/{mobile}/{car}',
        responseFilter: 'vehicles/unlock/res/{mobile}/#',
        request: text,
        response: text,
      })
      const taken = publishedBy(world, 'm1')
      const requester = world.link('m1')
      for (const car of ['c1', 'c2', 'c3'])
        observe(world, exchange$(requester, unlock, { params: { car, mobile: 'm1' }, value: 'open' }))
      world.advance(10)
      expect(taken.map(({ message }) => message.responseTopic)).toEqual([
        'vehicles/unlock/res/m1/c1',
        'vehicles/unlock/res/m1/c2',
        'vehicles/unlock/res/m1/c3',
      ])
      const filters = world.broker.session('m1')?.subscriptions.map(({ filter }) => filter)
      expect(filters).toEqual(['vehicles/unlock/res/m1/#'])
    })
  })
})

describe('a retry', () => {
  it('sends the same bytes under the same correlation, with what is left of the expiry', () => {
    const taken = requested({ options: { timeout: 9_000, retry: { count: 2 } } })
    const [first, second, third] = taken.map(({ message }) => message)
    const { messageExpiryInterval: _, ...same } = first ?? echoNothing
    expect(taken.map(({ message }) => message.messageExpiryInterval)).toEqual([9, 6, 3])
    expect(second).toEqual({ ...same, messageExpiryInterval: 6 })
    expect(third).toEqual({ ...same, messageExpiryInterval: 3 })
    expect(taken.map(({ at }) => at)).toEqual([5, 3_005, 6_005])
  })

  it('comes after so many milliseconds of silence as the caller says, so many times', () => {
    const taken = requested({ options: { timeout: 10_000, retry: { count: 3, attemptTimeout: 100 } } })
    expect(taken.map(({ at }) => at)).toEqual([5, 105, 205, 305])
  })
})

describe('a correlation of one’s own', () => {
  it('may put the reply topic into the payload, whenever that is known', () => {
    const Question = t.intersection([t.type({ ask: t.string }), t.partial({ replyTo: t.string })])
    const byPayload: Correlation = {
      ...topicParams(),
      name: 'replyTo',
      correlate: ({ responseTopic: replyTopic, value }) => ({
        token: '',
        value: { ...(value as object), replyTo: replyTopic },
        properties: {},
      }),
    }
    const requesting = endpoint({
      topic: 'ask',
      request: json(Question),
      response: text,
      correlation: byPayload,
    })
    inWorld((world: World) => {
      const taken = publishedBy(world, 'caller')
      const requester = world.link('caller')
      for (const sendRequest of ['cold', 'warm']) {
        const call = observe(world, exchange$(requester, requesting, { ask: sendRequest }))
        world.advance(20)
        const [last] = taken.slice(-1)
        expect(JSON.parse(textOf(last?.message ?? echoNothing))).toEqual({
          ask: sendRequest,
          replyTo: 'response/caller',
        })
        world.broker.publish({ topic: 'response/caller', payload: bytesOf('yes') })
        world.advance(20)
        expect(call.values).toEqual(['yes'])
      }
    })
  })
})

const echoNothing: OutgoingMessage = { topic: '', payload: new Uint8Array() }
