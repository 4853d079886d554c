import { describe, expect, it } from 'vitest'
import type { BrokerEvent } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'
import type { MemoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { World } from '../world.js'
import {
  bytes,
  closed,
  inProcess,
  lasting,
  messages,
  onFirst,
  publish,
  subscribe,
  subscriber,
} from './scene.js'

const is =
  (type: BrokerEvent['type'], name = 'a') =>
  (event: BrokerEvent): boolean =>
    event.type === type &&
    ('client' in event ? event.client.clientId : 'clientId' in event ? event.clientId : name) === name

/** A world whose sessions are stored, and what of them is. */
async function storedWorld(): Promise<{ world: World; storage: MemoryStorage; kept: () => string[] }> {
  const storage = memoryStorage()
  const world = makeWorld({ storage })
  await world.engine.ready
  return { world, storage, kept: () => [...storage.contents.keys()].filter((key) => key.startsWith('s:')) }
}

const send = (world: World) => (): void =>
  void world.broker.publish$({ topic: 't', payload: bytes('re-entrant') }).subscribe()

describe('an observer of connected', () => {
  it('publishes to a resumed session after its CONNACK', () => {
    const world = makeWorld()
    subscriber(world, 'a', 't', lasting).cut()
    publish(world, { qos: 1 })
    onFirst(world, is('connected'), send(world))
    const cameBack = world.join('a', lasting).take()
    expect(cameBack.map(({ cmd, payload }) => payload?.toString() ?? cmd)).toEqual([
      'connack',
      'the message',
      're-entrant',
    ])
  })

  it.each(['connected', 'session-started'] as const)('disconnects the client for good (%s)', (type) => {
    const world = makeWorld()
    onFirst(world, is(type), () => expect(world.broker.disconnect('a')).toBe(true))
    const client = world.join('a')
    expect(client.take().map(({ cmd, reasonCode }) => [cmd, reasonCode])).toEqual([
      ['connack', 0],
      ['disconnect', 0x98],
    ])
    subscribe(client, 't')
    expect(client.take()).toEqual([])
    expect(world.broker.sessions()).toEqual([])
    client.cut()
    expect(world.engine.connections.size).toBe(0)
    expect(world.events.map(({ type: each }) => each)).toEqual([
      'session-started',
      'connected',
      'disconnected',
      'session-ended',
    ])
  })

  it.each(['connected', 'session-started'] as const)('ends the session for good (%s)', (type) => {
    const world = makeWorld()
    onFirst(world, is(type), () => world.broker.forget('a'))
    const client = world.join('a', lasting)
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
    expect(world.broker.sessions()).toEqual([])
    expect(world.join('a', lasting).first()).toMatchObject({ sessionPresent: false })
  })

  it.each(['connected', 'session-started'] as const)(
    'disconnects a client in process for good (%s)',
    (type) => {
      const world = makeWorld()
      onFirst(world, is(type), () => world.broker.disconnect('a'))
      const client = inProcess(world, 'a')
      world.advance()
      expect(client.heard).toEqual(['online', 'offline'])
      expect(world.broker.session('a')?.client).toBeUndefined()
      expect(world.engine.connections.size).toBe(0)
    },
  )

  it('publishes to a client in process after it is online', () => {
    const world = makeWorld()
    const first = inProcess(world, 'a')
    first.subscribe('t')
    first.close()
    onFirst(world, is('connected'), send(world))
    const transport = world.broker.transport({ clientId: 'a', clean: false })
    const heard: string[] = []
    transport.connect$(1).subscribe(({ type }) => heard.push(type))
    world.advance()
    expect(heard).toEqual(['online', 'message'])
  })

  it('closes the broker, which lets the client go', async () => {
    const world = makeWorld()
    onFirst(world, is('connected'), () => void world.broker.close())
    const client = world.join('a')
    await closed(world)
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
  })
})

describe('an observer of disconnected', () => {
  it('publishes to the session, which gets the message when its client is back', () => {
    const world = makeWorld()
    const client = subscriber(world, 'a', 't', lasting)
    onFirst(world, is('disconnected'), send(world))
    client.cut()
    expect(messages(world.join('a', lasting))).toEqual(['t: re-entrant'])
  })

  it.each(['a client that leaves', 'a client in process that leaves'])(
    'ends the session for good, in the storage too (%s)',
    async (who) => {
      const { world, kept } = await storedWorld()
      const leave =
        who === 'a client that leaves'
          ? subscriber(world, 'a', 't', lasting).cut
          : inProcess(world, 'a').close
      await world.settle()
      expect(kept()).toHaveLength(1)
      onFirst(world, is('disconnected'), () => expect(world.broker.forget('a')).toBe(true))
      leave()
      await world.settle()
      expect(kept()).toEqual([])
      expect(world.broker.sessions()).toEqual([])
      expect(world.engine.deadlines.size).toBe(0)
      expect(world.engine.router.subscriptionCount).toBe(0)
    },
  )

  it('is called after another connection has taken over', () => {
    const world = makeWorld()
    subscriber(world, 'a', 't', lasting)
    const connected: boolean[] = []
    onFirst(world, is('disconnected'), () => connected.push(world.broker.session('a')?.client !== undefined))
    const second = world.join('a', lasting)
    expect(second.first()).toMatchObject({ cmd: 'connack', sessionPresent: true })
    expect(connected).toEqual([true])
  })
})

describe('an observer called before the next operation', () => {
  it('disconnects a client between two packets that came in one chunk', () => {
    const world = makeWorld()
    const client = world.join('a')
    client.take()
    onFirst(world, is('published'), () => world.broker.disconnect('a'))
    client.channel.feed(Uint8Array.of(0x30, 4, 0, 1, 0x61, 0, 0x30, 4, 0, 1, 0x62, 0, 0xc0, 0))
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['disconnect'])
    expect(world.events.filter(({ type }) => type === 'published')).toHaveLength(1)
  })

  it('disconnects a client, whose next packet is ignored', () => {
    const world = makeWorld()
    const [first, second] = [world.join('a'), world.join('b')]
    second.take()
    onFirst(world, is('disconnected'), () => world.broker.disconnect('b'))
    first.channel.close()
    // Within the same turn: the observer has not been called yet.
    second.channel.feed(Uint8Array.of(0xc0, 0))
    expect(second.take().map(({ cmd }) => cmd)).toEqual(['disconnect'])
  })

  it('disconnects a client, which then cannot authenticate again', () => {
    let requested = 0
    const world = makeWorld({
      authenticationMethods: ['m'],
      authority: { authenticate: () => (requested++, { admit: true }) },
    })
    const first = world.join('a')
    const second = world.join('b', { properties: { authenticationMethod: 'm' } })
    onFirst(world, is('disconnected'), () => world.broker.disconnect('b'))
    first.channel.close()
    second.send({ cmd: 'auth', reasonCode: 0x19, properties: { authenticationMethod: 'm' } })
    expect(second.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
    expect(requested).toBe(2)
  })

  it('disconnects a client in process, which then cannot subscribe', () => {
    const world = makeWorld()
    const first = world.join('a')
    const second = inProcess(world, 'b')
    onFirst(world, is('disconnected'), () => world.broker.disconnect('b'))
    first.channel.close()
    second.subscribe('t')
    second.publish('t', 'x')
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(world.events.filter(({ type }) => type === 'published')).toEqual([])
  })

  it('hears that a filter was unsubscribed before a hook is asked about it again', () => {
    const requested: boolean[] = []
    let isSubscribed = false
    const world = makeWorld({
      authority: {
        authorizeSubscribe: () => {
          requested.push(isSubscribed)
          return 'allow'
        },
      },
    })
    world.broker.events$.subscribe(({ type }) => {
      if (type === 'subscribed') isSubscribed = true
      if (type === 'unsubscribed') isSubscribed = false
    })
    const client = inProcess(world, 'a')
    client.subscribe('t')
    client.unsubscribe('t')
    client.subscribe('t')
    expect(requested).toEqual([false, false])
    expect(isSubscribed).toBe(true)
  })
})

describe('an observer of session-ended', () => {
  it('publishes while a clean start replaces a session that shares a subscription', () => {
    const world = makeWorld()
    const healthy = subscriber(world, 'healthy', 't')
    subscriber(world, 'a', 't', lasting)
    publish(world, { qos: 1 })
    onFirst(world, is('session-ended'), send(world))
    expect(world.join('a').take()).toMatchObject([{ cmd: 'connack', sessionPresent: false }])
    expect(messages(healthy)).toEqual(['t: the message', 't: re-entrant'])
  })
})

describe('an observer of subscribed', () => {
  it('publishes to the new subscription after the SUBACK and the retained messages', () => {
    const world = makeWorld()
    publish(world, { retain: true })
    const client = world.join('a')
    client.take()
    onFirst(world, is('subscribed'), send(world))
    subscribe(client, 't')
    expect(client.take().map(({ cmd, payload }) => payload?.toString() ?? cmd)).toEqual([
      'suback',
      'the message',
      're-entrant',
    ])
  })

  it('ends the session for good, with all its subscriptions', async () => {
    const { world, kept } = await storedWorld()
    const client = world.join('a', lasting)
    onFirst(world, is('subscribed'), () => world.broker.forget('a'))
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: ['t', 'u'].map((topic) => ({ topic, qos: 1 })),
    })
    await world.settle()
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(kept()).toEqual([])
  })

  it('learns the reason code that the SUBACK has, also beyond the limit of subscriptions', () => {
    const world = makeWorld({ limits: { subscriptionsPerClient: 1 } })
    const client = world.join('a')
    client.take()
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: ['t', 'u'].map((topic) => ({ topic, qos: 1 })),
    })
    expect(client.first().granted).toEqual([1, 0x97])
    const codes = world.events.flatMap((event) => (event.type === 'subscribed' ? [event.reasonCode] : []))
    expect(codes).toEqual([1, 0x97])
  })
})

describe('an observer of unsubscribed', () => {
  it('ends the session for good, in the storage too', async () => {
    const { world, kept } = await storedWorld()
    const client = world.join('a', lasting)
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: ['t', 'u'].map((topic) => ({ topic, qos: 1 })),
    })
    await world.settle()
    client.take()
    onFirst(world, is('unsubscribed'), () => world.broker.forget('a'))
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['t', 'u'] })
    await world.settle()
    expect(client.take()).toMatchObject([{ cmd: 'unsuback', granted: [0, 0] }, { cmd: 'disconnect' }])
    expect(kept()).toEqual([])
  })

  it('publishes to what is still subscribed', () => {
    const world = makeWorld()
    const client = subscriber(world, 'a', 't')
    const healthy = subscriber(world, 'healthy', 't')
    onFirst(world, is('unsubscribed'), send(world))
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['t'] })
    expect(messages(client)).toEqual([])
    expect(messages(healthy)).toEqual(['t: re-entrant'])
  })
})

describe('an observer of refused', () => {
  it('publishes and disconnects while a client is turned away', () => {
    const world = makeWorld({
      authority: { authenticate: ({ clientId }) => ({ admit: clientId !== 'a', reasonCode: 0x87 }) },
    })
    const healthy = subscriber(world, 'healthy', 't')
    onFirst(world, is('refused'), () => {
      send(world)()
      expect(world.broker.disconnect('a')).toBe(false)
      world.broker.disconnect('healthy')
    })
    expect(world.join('a').take()).toMatchObject([{ cmd: 'connack', reasonCode: 0x87 }])
    expect(healthy.take().map(({ cmd }) => cmd)).toEqual(['publish', 'disconnect'])
  })
})
