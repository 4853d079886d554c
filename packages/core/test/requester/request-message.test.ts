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
import {
  respondOn,
  bytesOf,
  observe,
  publishedBy,
  responseTo,
  textOf,
  withoutCancels,
  type PublishedMessage,
} from '../observed.js'
import { inWorld, type World } from '../world.js'

const echo = endpoint({ topic: 'echo', request: text, response: text })

interface Setup {
  readonly options?: ExchangeOptions
  readonly client?: VirtualClientOptions & LinkOptions
  readonly broker?: Partial<VirtualBrokerOptions>
  /** Milliseconds of virtual time to run. */
  readonly until?: number
}

/** Returns all messages that a requester publishes for one request without a response. */
function publishedRequests({
  options = {},
  client = {},
  broker = {},
  until = 60_000,
}: Setup = {}): readonly PublishedMessage[] {
  let published: readonly PublishedMessage[] = []
  inWorld((world) => {
    const { clientId = 'requester' } = client
    published = publishedBy(world, clientId)
    observe(world, exchange$(world.link(clientId, client), echo, 'request', options))
    world.advance(until)
  }, broker)
  // The requests time out, which cancels them.
  return withoutCancels(published)
}

/** Returns the Response Topic of the request. */
function responseTopic(setup: Setup): string | undefined {
  return publishedRequests(setup)[0]?.message.responseTopic
}

describe('a request on the wire', () => {
  it('publishes a request with the properties of docs/wire.md, at QoS 1 and not retained', () => {
    const [request] = publishedRequests()
    const { correlationData: token = new Uint8Array(), ...message } = request?.message ?? emptyMessage
    expect(message).toEqual({
      topic: 'echo',
      payload: bytesOf('request'),
      qos: 1,
      retain: false,
      responseTopic: 'response/requester',
      contentType: 'text/plain',
      payloadFormatIndicator: true,
      messageExpiryInterval: 5,
      userProperties: [['__ctl', '1']],
    })
    const id = textOf({ payload: token })
    expect(token).toHaveLength(36)
    expect(validate(id) && version(id)).toBe(4)
  })

  it('sends Payload Format Indicator 0 for a binary payload', () => {
    inWorld((world) => {
      const raw = endpoint({ topic: 'raw', request: bytes, response: bytes })
      const published = publishedBy(world, 'requester')
      observe(world, exchange$(world.link('requester'), raw, Uint8Array.of(0, 255)))
      world.advance(10)
      expect(published[0]?.message).toMatchObject({
        payloadFormatIndicator: false,
        contentType: bytes.contentType,
      })
    })
  })

  it.each([0, 1, 2] as const)('publishes a request at QoS %d with `qos`', (qos) => {
    expect(publishedRequests({ options: { qos } })[0]?.message.qos).toBe(qos)
  })

  it('sends the `userProperties` with a request', () => {
    const userProperties = [
      ['tenant', 'a'],
      ['tenant', 'b'],
    ] as const
    expect(publishedRequests({ options: { userProperties } })[0]?.message.userProperties).toEqual([
      ...userProperties,
      ['__ctl', '1'],
    ])
  })

  it('sends unique Correlation Data with each request', () => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      for (let count = 0; count < 100; count++) observe(world, exchange$(requester, echo, 'x'))
      world.advance(10)
      const tokens = published.map(({ message }) =>
        textOf({ payload: message.correlationData ?? bytesOf('') }),
      )
      expect(new Set(tokens).size).toBe(100)
    })
  })

  it('sends 16 bytes of Correlation Data with the `bytes` format', () => {
    inWorld((world) => {
      const raw = endpoint({
        topic: 'echo',
        request: text,
        response: text,
        correlation: correlationData({ format: 'bytes' }),
      })
      const published = publishedBy(world, 'requester')
      respondOn(world, 'echo', (request) => [responseTo(request, 'found')])
      world.advance(10)
      const call = observe(world, exchange$(world.link('requester'), raw, 'x'))
      world.advance(10)
      expect(published[0]?.message.correlationData).toHaveLength(16)
      expect(call.values).toEqual(['found'])
    })
  })

  it('shows 16 bytes of Correlation Data as a UUID in errors', () => {
    inWorld((world) => {
      const raw = endpoint({
        topic: 'echo',
        request: text,
        response: text,
        correlation: correlationData({ format: 'bytes' }),
      })
      const published = publishedBy(world, 'requester')
      const call = observe(world, exchange$(world.link('requester'), raw, 'x', { timeout: 100 }))
      world.advance(200)
      const error = call.ending()
      if (typeof error !== 'object') throw new Error('the request did not fail')
      expect(parse(error.correlation ?? '')).toEqual(published[0]?.message.correlationData)
    })
  })
})

describe('a request without Correlation Data', () => {
  it('has no number of the attempt, as no responder could name its control topic', () => {
    inWorld((world) => {
      const byTopic = endpoint({
        topic: 'echo',
        responseTopic: 'response',
        request: text,
        response: text,
        correlation: topicParams(),
      })
      const published = publishedBy(world, 'requester')
      observe(world, exchange$(world.link('requester'), byTopic, 'x'))
      world.advance(10)
      expect(published.map(({ message }) => message.userProperties)).toEqual([undefined])
    })
  })
})

describe('encoding', () => {
  /** Sends a request without a response, and loses the session after a second. Returns how often it was encoded and sent. */
  function encodings(options: ExchangeOptions): { readonly encoded: number; readonly sent: number } {
    let encoded = 0
    let sent = 0
    const counting: typeof text = {
      ...text,
      encode: (...args) => {
        encoded++
        return text.encode(...args)
      },
    }
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester', {
        clean: false,
        sessionExpiryInterval: 3_600,
        reconnect: { initial: 100, maximum: 100, jitter: 0 },
      })
      const counted = endpoint({ topic: 'echo', request: counting, response: text })
      // With the default response topic, a request is encoded again when that is known.
      const rules = { timeout: 10_000, responseTopic: 'responses', ...options }
      observe(world, exchange$(requester, counted, 'x', rules))
      world.advance(1_000)
      world.broker.disconnect('requester', { session: 'lose' })
      world.advance(20_000)
      sent = withoutCancels(published).length
    })
    return { encoded, sent }
  }

  it('happens once, however often a request is sent', () => {
    expect(encodings({})).toEqual({ encoded: 1, sent: 1 })
    expect(encodings({ retry: { count: 3, attemptTimeout: 2_000 } })).toEqual({ encoded: 1, sent: 4 })
    expect(encodings({ onDisconnect: 'resend' })).toEqual({ encoded: 1, sent: 2 })
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
  ])('converts a timeout of %d ms to a Message Expiry Interval of %d s', (timeout, expected) => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      // Subscribe first, so that the second request is published at once.
      observe(world, exchange$(requester, echo, 'x'))
      world.advance(100)
      observe(world, exchange$(requester, echo, 'y', { timeout }))
      world.advance(100)
      const [, interval] = published.map(({ message }) => message.messageExpiryInterval)
      expect(interval).toBe(Math.max(1, Math.ceil(timeout / 1_000)))
      if (timeout !== 1_001) expect(interval).toBe(expected)
    })
  })

  it('sends the timeout that remains after connecting as Message Expiry Interval', () => {
    const [request] = publishedRequests({ options: { timeout: 10_000 }, broker: { latency: 1_000 } })
    // CONNECT, CONNACK, SUBSCRIBE and SUBACK take four seconds.
    expect(request?.message.messageExpiryInterval).toBe(6)
  })
})

describe('the Response Topic', () => {
  it.each([
    ['requester', 'response/requester'],
    ['floor/1#a+b', 'response/floor%2F1%23a%2Bb'],
    ['100%', 'response/100%25'],
    ['ünïcödé', 'response/ünïcödé'],
  ])('derives the Response Topic of client id %s: %s', (clientId, expected) => {
    expect(responseTopic({ client: { clientId } })).toBe(expected)
  })

  it.each([
    ['tenants/7', 'tenants/7/response/requester'],
    ['tenants/7/', 'tenants/7/response/requester'],
    ['', 'response/requester'],
  ])(
    'prefixes the Response Topic with the Response Information %j of the broker',
    (responseInformation, expected) => {
      expect(responseTopic({ broker: { limits: { responseInformation } } })).toBe(expected)
    },
  )

  it('uses the `responseTopic` of the options', () => {
    expect(responseTopic({ options: { responseTopic: 'response/pool/instance1' } })).toBe(
      'response/pool/instance1',
    )
  })

  it('uses the response topic of the endpoint, and subscribes to its filter', () => {
    inWorld((world) => {
      const unlock = endpoint({
        topic: 'vehicles/unlock/req/{car}/{mobile}',
        responseTopic: 'vehicles/unlock/res/{mobile}/{car}',
        responseFilter: 'vehicles/unlock/res/{mobile}/#',
        request: text,
        response: text,
      })
      const published = publishedBy(world, 'm1')
      const requester = world.link('m1')
      for (const car of ['c1', 'c2', 'c3'])
        observe(world, exchange$(requester, unlock, { params: { car, mobile: 'm1' }, value: 'open' }))
      world.advance(10)
      expect(published.map(({ message }) => message.responseTopic)).toEqual([
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
  it('retries with the same bytes and correlation, the remaining expiry, and the number of the attempt', () => {
    const published = publishedRequests({ options: { timeout: 9_000, retry: { count: 2 } } })
    const [first, second, third] = published.map(({ message }) => message)
    const { messageExpiryInterval: _, ...same } = first ?? emptyMessage
    expect(published.map(({ message }) => message.messageExpiryInterval)).toEqual([9, 6, 3])
    expect(second).toEqual({ ...same, messageExpiryInterval: 6, userProperties: [['__ctl', '2']] })
    expect(third).toEqual({ ...same, messageExpiryInterval: 3, userProperties: [['__ctl', '3']] })
    expect(published.map(({ at }) => at)).toEqual([5, 3_005, 6_005])
  })

  it('retries `count` times, each after `attemptTimeout`', () => {
    const published = publishedRequests({
      options: { timeout: 10_000, retry: { count: 3, attemptTimeout: 100 } },
    })
    expect(published.map(({ at }) => at)).toEqual([5, 105, 205, 305])
  })
})

describe('correlationData on MQTT 3.1.1', () => {
  it.each(['before connecting', 'while online'])('fails a request at once and sends nothing, %s', (when) => {
    inWorld((world) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester', { protocolVersion: 4 })
      if (when === 'while online') requester.state$.subscribe()
      world.advance(10)
      for (const options of [{}, { responseTopic: 'response/pool' }]) {
        const call = observe(world, exchange$(requester, echo, 'x', options))
        world.advance(20)
        expect(call.ending()).toMatchObject({
          code: 'invalid-argument',
          phase: 'before-network',
          endpoint: 'echo',
          message: expect.stringContaining('MQTT 3.1.1') as string,
        })
      }
      expect(published).toEqual([])
    })
  })
})

describe('a custom correlation', () => {
  it('can write the response topic into the payload, also before the link is online', () => {
    const Command = t.intersection([t.type({ command: t.string }), t.partial({ respondTo: t.string })])
    const byPayload: Correlation = {
      ...topicParams(),
      name: 'respondTo',
      correlate: ({ responseTopic, value }) => ({
        token: '',
        value: { ...(value as object), respondTo: responseTopic },
        properties: {},
      }),
    }
    const commands = endpoint({
      topic: 'commands',
      request: json(Command),
      response: text,
      correlation: byPayload,
    })
    inWorld((world: World) => {
      const published = publishedBy(world, 'requester')
      const requester = world.link('requester')
      for (const command of ['before connecting', 'while online']) {
        const call = observe(world, exchange$(requester, commands, { command }))
        world.advance(20)
        const [last] = published.slice(-1)
        expect(JSON.parse(textOf(last?.message ?? emptyMessage))).toEqual({
          command,
          respondTo: 'response/requester',
        })
        world.broker.publish({ topic: 'response/requester', payload: bytesOf('yes') })
        world.advance(20)
        expect(call.values).toEqual(['yes'])
      }
    })
  })
})

const emptyMessage: OutgoingMessage = { topic: '', payload: new Uint8Array() }
