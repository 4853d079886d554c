import type { Message, QoS } from '@antiphon/core'
import { deadlines } from '@antiphon/core/link'
import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createBrokerEngine } from '../../src/entry/engine.js'
import type {
  BrokerEngine,
  BrokerEngineOptions,
  EngineClient,
  EngineConnection,
} from '../../src/entry/engine.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const toSubscription = (filter: string, qos: QoS = 1) =>
  ({ filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 }) as const

/** A client of an engine with what it received. */
interface TestClient extends EngineConnection {
  readonly received: { readonly message: Message; readonly packetId: number }[]
  readonly released: number[]
  readonly disconnects: number[]
  readonly topics: () => string[]
}

function connect(engine: BrokerEngine, clientId: string, options: Partial<EngineClient> = {}): TestClient {
  const client = { received: [], released: [], disconnects: [] } as unknown as TestClient
  const connection = engine.connect(
    { clientId, cleanStart: false, sessionExpiryInterval: 60, ...options },
    {
      publish: (message, packetId) => client.received.push({ message, packetId }),
      release: (packetId) => client.released.push(packetId),
      disconnect: (reasonCode) => {
        client.disconnects.push(reasonCode)
        connection.close()
      },
    },
  )
  return Object.assign(client, connection, {
    topics: () => client.received.map(({ message }) => message.topic),
  })
}

function setUp(options: Partial<BrokerEngineOptions> = {}): {
  readonly engine: BrokerEngine
  readonly scheduler: VirtualTimeScheduler
  readonly advance: (milliseconds: number) => void
} {
  const scheduler = new VirtualTimeScheduler()
  const advance = (milliseconds: number): void => {
    scheduler.maxFrames = scheduler.frame + milliseconds
    scheduler.flush()
    scheduler.frame = scheduler.maxFrames
  }
  return { engine: createBrokerEngine({ scheduler, ...options }), scheduler, advance }
}

describe('createBrokerEngine', () => {
  it('delivers a message to a subscriber during the call that publishes it', () => {
    const { engine } = setUp()
    const client = connect(engine, 'a')
    expect(client.subscribe([toSubscription('x/+')], 7)).toMatchObject({ reasonCodes: [1] })
    const message = { topic: 'x/y', payload: bytes('1'), contentType: 'text/plain' }
    expect(engine.publish(message)).toBe(0)
    const fields = { qos: 1, retain: false, dup: false, subscriptionIdentifiers: [7] }
    expect(client.received).toEqual([{ message: { ...message, ...fields }, packetId: 1 }])
    expect(engine.publish({ ...message, topic: 'z' })).toBe(0x10)
  })

  it('resends what a client has not acknowledged, then sends what was queued while it was disconnected', () => {
    const { engine } = setUp()
    const first = connect(engine, 'a')
    first.subscribe([toSubscription('#', 2)])
    engine.publish({ topic: '1', payload: bytes(''), qos: 1 })
    engine.publish({ topic: '2', payload: bytes(''), qos: 2 })
    first.acknowledge('pubrec', 2, 0)
    expect(first.released).toEqual([2])
    first.close()
    engine.publish({ topic: '3', payload: bytes('') })
    expect(engine.messages('a')).toMatchObject({
      inFlight: [{ topic: '1' }, { topic: '2' }],
      queued: [{ topic: '3' }],
    })

    const second = connect(engine, 'a')
    expect(second.sessionPresent).toBe(true)
    second.resume()
    expect(second.received.map(({ message: { topic, dup } }) => ({ topic, dup }))).toEqual([
      { topic: '1', dup: true },
      { topic: '3', dup: false },
    ])
    expect(second.released).toEqual([2])
    second.acknowledge('puback', 1, 0)
    second.acknowledge('pubcomp', 2, 0)
    second.acknowledge('puback', 3, 0)
    expect(engine.messages('a')).toEqual({ inFlight: [], queued: [] })
  })

  it('disconnects the earlier connection of a Client Identifier', () => {
    const { engine } = setUp()
    const first = connect(engine, 'a')
    const second = connect(engine, 'a', { cleanStart: true })
    expect(first.disconnects).toEqual([0x8e])
    expect(second.sessionPresent).toBe(false)
    first.close()
    expect(engine.session('a')?.client?.clientId).toBe('a')
  })

  it('ends a session when its Session Expiry Interval has passed', () => {
    const { engine, advance } = setUp()
    connect(engine, 'a').close()
    advance(59_999)
    expect(engine.sessions()).toHaveLength(1)
    advance(1)
    expect(engine.sessions()).toEqual([])
  })

  it('ends expired sessions when the deadlines of the program are due', () => {
    const clock = new VirtualTimeScheduler()
    const { engine, advance } = setUp({ expiries: deadlines(clock) })
    connect(engine, 'a').close()
    advance(60_000)
    expect(engine.sessions()).toHaveLength(1)
    clock.flush()
    expect(engine.sessions()).toEqual([])
  })

  it('publishes a Will after its delay, and none after a DISCONNECT that discards it', () => {
    const { engine, advance } = setUp()
    const observer = connect(engine, 'observer')
    observer.subscribe([toSubscription('#')])
    const will = { topic: 'gone', payload: bytes(''), willDelayInterval: 2 }
    connect(engine, 'a', { will }).close()
    advance(1_999)
    expect(observer.topics()).toEqual([])
    advance(1)
    expect(observer.topics()).toEqual(['gone'])
    connect(engine, 'a', { will }).close({ discardsWill: true })
    advance(2_000)
    expect(observer.topics()).toEqual(['gone'])
  })

  it('sends retained messages when `replay` is called', () => {
    const { engine } = setUp()
    engine.publish({ topic: 'x', payload: bytes('1'), retain: true })
    const client = connect(engine, 'a')
    const { replay } = client.subscribe([toSubscription('x')])
    expect(client.topics()).toEqual([])
    replay()
    expect(client.received).toMatchObject([{ message: { topic: 'x', retain: true } }])
    expect(engine.retained()).toHaveLength(1)
  })

  it('sends one message for overlapping subscriptions, or with `overlap: each` one for each', () => {
    const counts = (['once', 'each'] as const).map((overlap) => {
      const { engine } = setUp({ overlap })
      const client = connect(engine, 'a')
      client.subscribe([toSubscription('x/y', 2)], 1)
      client.subscribe([toSubscription('x/+', 1)], 2)
      engine.publish({ topic: 'x/y', payload: bytes(''), qos: 2 })
      return client.received.map(({ message: { qos, subscriptionIdentifiers } }) => [
        qos,
        ...(subscriptionIdentifiers ?? []),
      ])
    })
    expect(counts).toEqual([
      [[2, 1, 2]],
      [
        [2, 1],
        [1, 2],
      ],
    ])
  })

  it('moves messages of a shared subscription to a member that connects', () => {
    const { engine } = setUp({ sharedOffline: 'queue' })
    const first = connect(engine, 'a')
    first.subscribe([toSubscription('$share/g/x')])
    first.close()
    expect(engine.publish({ topic: 'x', payload: bytes('') })).toBe(0)
    const second = connect(engine, 'b')
    second.subscribe([toSubscription('$share/g/x')])
    expect(second.topics()).toEqual(['x'])
  })

  it('emits the start and end of subscriptions after the call that caused them, but no replacement', () => {
    const { engine } = setUp()
    const changes: string[] = []
    engine.subscriptions$.subscribe(({ kind, clientId, filter }) =>
      changes.push(`${clientId} ${kind} ${filter}, of ${engine.session('a')?.subscriptions.length ?? 0}`),
    )
    const client = connect(engine, 'a', { sessionExpiryInterval: 0 })
    client.subscribe([toSubscription('x'), toSubscription('y')])
    client.subscribe([toSubscription('x', 0)])
    expect(client.unsubscribe(['x', 'z'])).toEqual([0, 0x11])
    client.close()
    expect(changes).toEqual([
      'a subscribed x, of 2',
      'a subscribed y, of 2',
      'a unsubscribed x, of 1',
      'a unsubscribed y, of 0',
    ])
  })

  it('calls the hooks for messages and subscriptions of clients', () => {
    const { engine } = setUp({
      authority: {
        authorizePublish: ({ message }) => (message.topic === 'no' ? { refuse: 0x87 } : 'allow'),
        authorizeSubscribe: ({ filter }) => (filter === 'no' ? { refuse: 0x97 } : 'allow'),
      },
    })
    const events: string[] = []
    engine.events$.subscribe(({ type }) => events.push(type))
    const client = connect(engine, 'a')
    expect(client.subscribe([toSubscription('no')])).toMatchObject({ reasonCodes: [0x97] })
    expect(client.publish({ topic: 'no', payload: bytes('') })).toBe(0x87)
    expect(client.publish({ topic: 'yes', payload: bytes('') })).toBe(0x10)
    expect(engine.disconnect('a', 0x98, '')).toBe(true)
    expect(engine.forget('a')).toBe(true)
    expect(events).toEqual(['session-started', 'subscribed', 'published', 'published', 'session-ended'])
  })
})
