import { describe, expect, it } from 'vitest'
import type { BrokerEvent } from '../../src/index.js'
import { memoryStorage } from '../storage/memory-storage.js'
import type { MemoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { World } from '../world.js'
import {
  bytes,
  closeBroker,
  connectInProcess,
  persistent,
  messages,
  onFirst,
  publish,
  subscribe,
  subscriber,
} from './clients.js'

const is =
  (type: BrokerEvent['type'], name = 'a') =>
  (event: BrokerEvent): boolean =>
    event.type === type &&
    ('client' in event ? event.client.clientId : 'clientId' in event ? event.clientId : name) === name

/** Creates a broker with a storage; `storedSessions` returns the keys of its stored sessions. */
async function storedWorld(): Promise<{
  world: World
  storage: MemoryStorage
  storedSessions: () => string[]
}> {
  const storage = memoryStorage()
  const world = makeWorld({ storage })
  await world.engine.ready
  return {
    world,
    storage,
    storedSessions: () => [...storage.contents.keys()].filter((key) => key.startsWith('s:')),
  }
}

const send = (world: World) => (): void =>
  void world.broker.publish$({ topic: 't', payload: bytes('re-entrant') }).subscribe()

describe('an observer of connected', () => {
  it('sends a message that an observer of connected publishes to a resumed session after the CONNACK', () => {
    const world = makeWorld()
    subscriber(world, 'a', 't', persistent).cut()
    publish(world, { qos: 1 })
    onFirst(world, is('connected'), send(world))
    const resumed = world.join('a', persistent).take()
    expect(resumed.map(({ cmd, payload }) => payload?.toString() ?? cmd)).toEqual([
      'connack',
      'the message',
      're-entrant',
    ])
  })

  it.each(['connected', 'session-started'] as const)(
    'disconnects a client within an observer of %s',
    (type) => {
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
    },
  )

  it.each(['connected', 'session-started'] as const)('ends a session within an observer of %s', (type) => {
    const world = makeWorld()
    onFirst(world, is(type), () => world.broker.forget('a'))
    const client = world.join('a', persistent)
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
    expect(world.broker.sessions()).toEqual([])
    expect(world.join('a', persistent).first()).toMatchObject({ sessionPresent: false })
  })

  it.each(['connected', 'session-started'] as const)(
    'disconnects a client in process within an observer of %s',
    (type) => {
      const world = makeWorld()
      onFirst(world, is(type), () => world.broker.disconnect('a'))
      const client = connectInProcess(world, 'a')
      world.advance()
      expect(client.received).toEqual(['online', 'offline'])
      expect(world.broker.session('a')?.client).toBeUndefined()
      expect(world.engine.connections.size).toBe(0)
    },
  )

  it('sends a message that an observer of connected publishes to a client in process after online', () => {
    const world = makeWorld()
    const first = connectInProcess(world, 'a')
    first.subscribe('t')
    first.close()
    onFirst(world, is('connected'), send(world))
    const transport = world.broker.transport({ clientId: 'a', clean: false })
    const received: string[] = []
    transport.connect$(1).subscribe(({ type }) => received.push(type))
    world.advance()
    expect(received).toEqual(['online', 'message'])
  })

  it('disconnects a client when an observer of connected closes the broker', async () => {
    const world = makeWorld()
    onFirst(world, is('connected'), () => void world.broker.close())
    const client = world.join('a')
    await closeBroker(world)
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
  })
})

describe('an observer of disconnected', () => {
  it('queues a message that an observer of disconnected publishes until the client reconnects', () => {
    const world = makeWorld()
    const client = subscriber(world, 'a', 't', persistent)
    onFirst(world, is('disconnected'), send(world))
    client.cut()
    expect(messages(world.join('a', persistent))).toEqual(['t: re-entrant'])
  })

  it.each(['a client on a channel', 'a client in process'])(
    'ends a session within an observer of disconnected, also in the storage (%s)',
    async (client) => {
      const { world, storedSessions } = await storedWorld()
      const disconnect =
        client === 'a client on a channel'
          ? subscriber(world, 'a', 't', persistent).cut
          : connectInProcess(world, 'a').close
      await world.settle()
      expect(storedSessions()).toHaveLength(1)
      onFirst(world, is('disconnected'), () => expect(world.broker.forget('a')).toBe(true))
      disconnect()
      await world.settle()
      expect(storedSessions()).toEqual([])
      expect(world.broker.sessions()).toEqual([])
      expect(world.engine.deadlines.size).toBe(0)
      expect(world.engine.router.subscriptionCount).toBe(0)
    },
  )

  it('emits disconnected after another connection has taken over', () => {
    const world = makeWorld()
    subscriber(world, 'a', 't', persistent)
    const connected: boolean[] = []
    onFirst(world, is('disconnected'), () => connected.push(world.broker.session('a')?.client !== undefined))
    const second = world.join('a', persistent)
    expect(second.first()).toMatchObject({ cmd: 'connack', sessionPresent: true })
    expect(connected).toEqual([true])
  })
})

describe('an observer called before the next operation', () => {
  it('ignores the second packet of a chunk when an observer of the first disconnects the client', () => {
    const world = makeWorld()
    const client = world.join('a')
    client.take()
    onFirst(world, is('published'), () => world.broker.disconnect('a'))
    client.channel.feed(Uint8Array.of(0x30, 4, 0, 1, 0x61, 0, 0x30, 4, 0, 1, 0x62, 0, 0xc0, 0))
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['disconnect'])
    expect(world.events.filter(({ type }) => type === 'published')).toHaveLength(1)
  })

  it('ignores the next packet of a client that a pending observer disconnects', () => {
    const world = makeWorld()
    const [first, second] = [world.join('a'), world.join('b')]
    second.take()
    onFirst(world, is('disconnected'), () => world.broker.disconnect('b'))
    first.channel.close()
    // Within the same turn: the observer has not been called yet.
    second.channel.feed(Uint8Array.of(0xc0, 0))
    expect(second.take().map(({ cmd }) => cmd)).toEqual(['disconnect'])
  })

  it('does not re-authenticate a client that a pending observer disconnects', () => {
    let authentications = 0
    const world = makeWorld({
      authenticationMethods: ['m'],
      authority: { authenticate: () => (authentications++, { admit: true }) },
    })
    const first = world.join('a')
    const second = world.join('b', { properties: { authenticationMethod: 'm' } })
    onFirst(world, is('disconnected'), () => world.broker.disconnect('b'))
    first.channel.close()
    second.send({ cmd: 'auth', reasonCode: 0x19, properties: { authenticationMethod: 'm' } })
    expect(second.take().map(({ cmd }) => cmd)).toEqual(['connack', 'disconnect'])
    expect(authentications).toBe(2)
  })

  it('does not subscribe a client in process that a pending observer disconnects', () => {
    const world = makeWorld()
    const first = world.join('a')
    const second = connectInProcess(world, 'b')
    onFirst(world, is('disconnected'), () => world.broker.disconnect('b'))
    first.channel.close()
    second.subscribe('t')
    second.publish('t', 'x')
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(world.events.filter(({ type }) => type === 'published')).toEqual([])
  })

  it('emits unsubscribed before it calls authorizeSubscribe for the filter again', () => {
    const subscribedAtHook: boolean[] = []
    let isSubscribed = false
    const world = makeWorld({
      authority: {
        authorizeSubscribe: () => {
          subscribedAtHook.push(isSubscribed)
          return 'allow'
        },
      },
    })
    world.broker.events$.subscribe(({ type }) => {
      if (type === 'subscribed') isSubscribed = true
      if (type === 'unsubscribed') isSubscribed = false
    })
    const client = connectInProcess(world, 'a')
    client.subscribe('t')
    client.unsubscribe('t')
    client.subscribe('t')
    expect(subscribedAtHook).toEqual([false, false])
    expect(isSubscribed).toBe(true)
  })
})

describe('an observer of session-ended', () => {
  it('routes a message that an observer of session-ended publishes during Clean Start', () => {
    const world = makeWorld()
    const healthy = subscriber(world, 'healthy', 't')
    subscriber(world, 'a', 't', persistent)
    publish(world, { qos: 1 })
    onFirst(world, is('session-ended'), send(world))
    expect(world.join('a').take()).toMatchObject([{ cmd: 'connack', sessionPresent: false }])
    expect(messages(healthy)).toEqual(['t: the message', 't: re-entrant'])
  })
})

describe('an observer of subscribed', () => {
  it('sends a message that an observer of subscribed publishes after the SUBACK and the retained messages', () => {
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

  it('removes all subscriptions when an observer of subscribed ends the session', async () => {
    const { world, storedSessions } = await storedWorld()
    const client = world.join('a', persistent)
    onFirst(world, is('subscribed'), () => world.broker.forget('a'))
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: ['t', 'u'].map((topic) => ({ topic, qos: 1 })),
    })
    await world.settle()
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(storedSessions()).toEqual([])
  })

  it('emits subscribed with the reason codes of the SUBACK, also beyond limits.subscriptionsPerClient', () => {
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
  it('ends a session within an observer of unsubscribed, also in the storage', async () => {
    const { world, storedSessions } = await storedWorld()
    const client = world.join('a', persistent)
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
    // The session ends before its change is committed, so that no UNSUBACK is sent.
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x98 }])
    expect(storedSessions()).toEqual([])
  })

  it('does not send a message that an observer of unsubscribed publishes to the unsubscribed client', () => {
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
  it('publishes and disconnects other clients within an observer of refused', () => {
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
