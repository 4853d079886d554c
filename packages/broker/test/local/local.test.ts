import { AntiphonError } from '@antiphon/core'
import type { ConnectionInfo, Message } from '@antiphon/core'
import type { Transport, TransportEvent } from '@antiphon/core/link'
import { VirtualTimeScheduler } from 'rxjs'
import type { Subscription } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createBroker } from '../../src/index.js'
import type { Broker, BrokerEvent, BrokerOptions, LocalClientOptions } from '../../src/index.js'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** Creates a broker on virtual time with clients in process. */
function makeWorld(options: BrokerOptions = {}): {
  readonly broker: Broker
  readonly events: BrokerEvent[]
  readonly advance: (milliseconds?: number) => void
  readonly join: (client?: LocalClientOptions) => LocalClient
} {
  const scheduler = new VirtualTimeScheduler()
  const broker = createBroker({ scheduler, ...options })
  const events: BrokerEvent[] = []
  broker.events$.subscribe((event) => events.push(event))
  const advance = (milliseconds = 0): void => {
    const until = scheduler.frame + milliseconds
    scheduler.maxFrames = until
    scheduler.flush()
    scheduler.frame = until
  }
  return {
    broker,
    events,
    advance,
    join: (client = {}) => {
      const joined = new LocalClient(broker.transport(client))
      joined.connect()
      advance()
      return joined
    },
  }
}

/** A client in process that records what its transport emits. */
class LocalClient {
  readonly log: string[] = []
  readonly messages: Message[] = []
  acknowledgements: (() => void)[] = []
  info: ConnectionInfo | undefined
  #connection: Subscription | undefined

  constructor(readonly transport: Transport) {}

  connect(): void {
    this.#connection = this.transport.connect$(1).subscribe({
      next: (event) => this.#record(event),
      error: (error: unknown) => {
        const { code, reasonCode = '' } = AntiphonError.from(error)
        this.log.push(`${code} ${reasonCode}`)
      },
      complete: () => this.log.push('complete'),
    })
  }

  drop(): void {
    this.#connection?.unsubscribe()
  }

  subscribe(filter: string, more: object = {}): void {
    const line = {
      filter,
      qos: 2 as const,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0 as const,
      ...more,
    }
    this.transport.subscribe$([line], 7).subscribe({
      next: (codes) => this.log.push(`subscribed ${codes.join()}`),
      error: (error: unknown) => this.log.push(`subscribe ${AntiphonError.from(error).code}`),
    })
  }

  publish(topic: string, payload: string, more: object = {}): void {
    this.transport.publish$({ topic, payload: bytes(payload), ...more }).subscribe({
      next: ({ reasonCode }) => this.log.push(`published ${reasonCode}`),
      error: (error: unknown) => this.log.push(`publish ${AntiphonError.from(error).code}`),
    })
  }

  #record(event: TransportEvent): void {
    if (event.type === 'online') {
      this.info = event.info
      this.log.push('online')
    } else if (event.type === 'message') {
      this.messages.push(event.message)
      this.acknowledgements.push(event.acknowledge)
      this.log.push(`message ${event.message.topic}`)
    }
  }
}

describe('a client in process', () => {
  it('delivers nothing to a client in process within its call, then everything in order', () => {
    const { join, advance } = makeWorld()
    const client = join({ clientId: 'a' })
    client.subscribe('t/#')
    client.publish('t/1', 'x', { qos: 1 })
    expect(client.log).toEqual(['online'])
    advance()
    expect(client.log.slice(1).sort()).toEqual(['message t/1', 'published 0', 'subscribed 2'])
    expect(client.log.indexOf('subscribed 2')).toBeLessThan(client.log.indexOf('message t/1'))
  })

  it('delivers all properties in order and the Subscription Identifier to a client in process', () => {
    const { join, advance } = makeWorld()
    const [from, to] = [join(), join()]
    to.subscribe('t')
    const properties = {
      contentType: 'x/y',
      responseTopic: 'r',
      correlationData: Uint8Array.of(0, 255),
      payloadFormatIndicator: true,
      messageExpiryInterval: 9,
      userProperties: [
        ['b', '1'],
        ['a', '2'],
        ['b', '3'],
      ],
    }
    from.publish('t', 'x', { qos: 2, ...properties })
    advance()
    const { correlationData, ...rest } = properties
    expect(to.messages).toMatchObject([{ ...rest, qos: 2, subscriptionIdentifiers: [7] }])
    expect([...(to.messages[0]?.correlationData ?? [])]).toEqual([...correlationData])
  })

  it('emits the broker’s limits as ConnectionInfo to a client in process', () => {
    const { join } = makeWorld({
      maximumQoS: 1,
      limits: { receiveMaximum: 5 },
      responseInformation: () => 'r',
    })
    expect(join({ clientId: 'me' }).info).toEqual({
      protocolVersion: 5,
      clientId: 'me',
      sessionPresent: false,
      receiveMaximum: 5,
      maximumPacketSize: 1_048_576,
      maximumQoS: 1,
      retainAvailable: true,
      wildcardSubscriptions: true,
      sharedSubscriptions: true,
      subscriptionIdentifiers: true,
      responseInformation: 'r',
    })
  })

  it('connects a client in process over 3.1.1 when the broker allows nothing else', () => {
    const { join, advance } = makeWorld({
      protocolVersions: [4],
      authority: { authorizeSubscribe: () => ({ refuse: 0x87 }), authorizePublish: () => ({ refuse: 0x87 }) },
    })
    expect(join({ protocolVersion: 5 }).log).toEqual(['connection-refused 132'])
    const client = join()
    client.subscribe('t')
    client.publish('t', 'x', { qos: 1, contentType: 'x' })
    advance()
    expect(client.info).toMatchObject({ protocolVersion: 4, subscriptionIdentifiers: false })
    expect(client.log.slice(1).sort()).toEqual(['published 0', 'subscribed 128'])
  })

  it('resends unacknowledged messages to a client in process on reconnect', () => {
    const { join, advance } = makeWorld()
    const client = join({ clientId: 'a', clean: false, sessionExpiryInterval: 100 })
    client.subscribe('t')
    for (const qos of [1, 2, 1]) client.publish('t', `${qos}`, { qos })
    advance()
    client.acknowledgements[0]?.()
    client.acknowledgements[0]?.()
    client.drop()
    client.acknowledgements[1]?.()
    client.messages.length = 0
    client.connect()
    advance()
    expect(client.info?.sessionPresent).toBe(true)
    expect(client.messages.map(({ qos, dup }) => [qos, dup])).toEqual([
      [2, true],
      [1, true],
    ])
    for (const acknowledge of client.acknowledgements.slice(-2)) acknowledge()
    client.drop()
    client.messages.length = 0
    client.connect()
    advance()
    expect(client.messages).toEqual([])
  })

  it('resumes the session of a client in process, unless it disconnected', () => {
    const { join, advance, broker } = makeWorld()
    const client = join({ clientId: 'a' })
    client.drop()
    client.connect()
    advance()
    expect(client.info?.sessionPresent).toBe(true)
    client.transport.disconnect$().subscribe()
    advance()
    expect(client.log.at(-1)).toBe('complete')
    expect(broker.session('a')).toBeUndefined()
  })

  it('emits the reason code of a refusal or disconnect to a client in process', () => {
    const { join, advance, broker, events } = makeWorld({
      authority: {
        authenticate: ({ userName }) =>
          userName === 'u' ? { admit: true } : { admit: false, reasonCode: 0x87 },
      },
    })
    expect(join().log).toEqual(['connection-refused 135'])
    const client = join({ clientId: 'a', username: 'u', password: 'p' })
    client.subscribe('t')
    expect(broker.disconnect('a')).toBe(true)
    advance()
    expect(client.log).toEqual(['online', 'subscribed 2', 'connection-lost 152'])
    expect(events.at(-1)).toMatchObject({ type: 'disconnected', by: 'broker', reasonCode: 0x98 })
    client.subscribe('t')
    client.publish('t', 'x')
    expect(client.log.slice(3)).toEqual(['subscribe connection-lost', 'publish connection-lost'])
  })

  it('disconnects a client in process when another connects with its identifier', () => {
    const { join, advance } = makeWorld()
    const first = join({ clientId: 'a' })
    join({ clientId: 'a' })
    advance()
    expect(first.log).toEqual(['online', 'connection-lost 142'])
  })

  it('publishes the will of a client in process after its Will Delay Interval', () => {
    const { join, advance } = makeWorld()
    const watcher = join()
    watcher.subscribe('w')
    const will = {
      topic: 'w',
      payload: bytes('gone'),
      qos: 1 as const,
      contentType: 'x',
      willDelayInterval: 2,
    }
    join({ will, sessionExpiryInterval: 10 }).drop()
    advance(1_999)
    expect(watcher.messages).toEqual([])
    advance(1)
    expect(watcher.messages).toMatchObject([{ topic: 'w', qos: 1, contentType: 'x' }])
  })

  it('errors publish$ of a client in process when authorizePublish closes the connection', () => {
    const { join, advance } = makeWorld({ authority: { authorizePublish: () => ({ close: 0x87 }) } })
    const client = join()
    client.publish('t', 'x', { qos: 1 })
    advance()
    expect(client.log).toEqual(['online', 'connection-lost 135', 'publish publish-refused'])
  })

  it('disconnects a client in process at expiresAt', () => {
    const { join, advance } = makeWorld({
      authority: { authenticate: () => ({ admit: true, expiresAt: 5_000 }) },
    })
    const client = join()
    advance(4_999)
    expect(client.log).toEqual(['online'])
    advance(1)
    expect(client.log).toEqual(['online', 'connection-lost 160'])
  })

  it('refuses a topic beyond limits.topicLength from a client in process', () => {
    const { join, advance } = makeWorld({ limits: { topicLength: 5 } })
    const client = join()
    client.publish('äää', 'x')
    client.publish('ääb', 'x')
    advance()
    expect(client.log).toEqual(['online', 'publish publish-refused', 'published 16'])
  })

  it('refuses a string property of 65 536 bytes from a client in process', () => {
    const { join, advance } = makeWorld()
    const client = join()
    client.publish('t', 'x', { contentType: 'x'.repeat(65_536) })
    advance()
    expect(client.log).toEqual(['online', 'publish invalid-argument'])
  })
})
