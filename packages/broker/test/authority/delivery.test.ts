import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Authority, DeliveryAttempt } from '../../src/authority/authority.js'
import { createBrokerEngine } from '../../src/engine/broker-engine.js'
import type { BrokerOptions } from '../../src/options.js'
import { memoryStorage } from '../storage/memory-storage.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const persistent = { clean: false, properties: { sessionExpiryInterval: 1_000 } }

const payloads = (client: Client): string[] =>
  client
    .take()
    .filter(({ cmd }) => cmd === 'publish')
    .map(({ payload }) => String(payload))

const subscribe = (client: Client, topic: string, qos = 1): void => {
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] })
  client.take()
}

const publish = (client: Client, payload: string, more: AnyPacket = {}): AnyPacket[] => {
  client.send({ cmd: 'publish', topic: 't', payload, qos: 1, messageId: 1, ...more })
  return client.take().filter(({ cmd }) => cmd !== 'connack')
}

/** A broker whose subscribers may receive messages only if they are in `allowed`. */
function makeRights(options: BrokerOptions & { readonly authority?: Authority } = {}): {
  readonly world: World
  readonly allowed: Set<string>
  readonly attempts: DeliveryAttempt[]
} {
  const allowed = new Set<string>()
  const attempts: DeliveryAttempt[] = []
  const world = makeWorld({
    ...options,
    authority: {
      authorizeDelivery: (attempt) => {
        attempts.push(attempt)
        return allowed.has(attempt.client.clientId) ? 'allow' : 'refuse'
      },
      ...options.authority,
    },
  })
  return { world, allowed, attempts }
}

const dropped = (world: World): unknown[] => world.events.filter(({ type }) => type === 'dropped')

describe('authorizeDelivery', () => {
  it('passes the subscriber, the publisher and the message to authorizeDelivery', () => {
    const { world, allowed, attempts } = makeRights({
      authority: { authenticate: ({ clientId }) => ({ admit: true, principal: `p-${clientId}` }) },
    })
    allowed.add('a')
    const client = world.join('a')
    subscribe(client, 't')
    publish(world.join('b'), '1', { retain: true, properties: { userProperties: { k: 'v' } } })
    expect(attempts).toHaveLength(1)
    expect(attempts[0]).toMatchObject({
      topic: 't',
      publisherId: 'b',
      client: { clientId: 'a', principal: 'p-a' },
    })
    expect(attempts[0]?.message).toMatchObject({
      topic: 't',
      payload: Buffer.from('1'),
      qos: 1,
      retain: true,
      userProperties: [['k', 'v']],
    })
  })

  it.each([0, 1, 2])(
    'stops deliveries at QoS %i to a standing subscription when its right is removed',
    (qos) => {
      const { world, allowed } = makeRights()
      const [client, other, publisher] = [world.join('a'), world.join('other'), world.join('p')]
      for (const subscriber of [client, other]) subscribe(subscriber, 't', 2)
      allowed.add('a').add('other')
      publish(publisher, '1', { qos })
      allowed.delete('a')
      publish(publisher, '2', { qos, messageId: 2 })
      allowed.add('a')
      publish(publisher, '3', { qos, messageId: 3 })
      expect(payloads(client)).toEqual(['1', '3'])
      expect(payloads(other)).toEqual(['1', '2', '3'])
      expect(dropped(world)).toEqual([{ type: 'dropped', clientId: 'a', topic: 't', loss: 'not-authorized' }])
      expect(world.engine.counters.dropped).toBe(1)
    },
  )

  it('acknowledges a message that no subscriber may receive with 0x10', () => {
    const { world } = makeRights()
    subscribe(world.join('a'), 't')
    expect(publish(world.join('p'), '1')).toMatchObject([{ cmd: 'puback', reasonCode: 0x10 }])
    expect(world.broker.session('a')).toMatchObject({ queued: 0, inFlight: 0 })
  })

  it('decides on a queued message again when it is sent', () => {
    const { world, allowed, attempts } = makeRights()
    allowed.add('a')
    const client = world.join('a', { properties: { receiveMaximum: 1 } })
    subscribe(client, 't')
    const publisher = world.join('p')
    for (const payload of ['1', '2', '3', '4']) publish(publisher, payload, { messageId: Number(payload) })
    const [first] = client.take()
    expect(attempts).toHaveLength(4)
    allowed.delete('a')
    client.send({ cmd: 'puback', messageId: first?.messageId ?? 0 })
    expect(payloads(client)).toEqual([])
    expect(attempts).toHaveLength(7)
    expect(dropped(world)).toHaveLength(3)
    expect(world.broker.session('a')).toMatchObject({ queued: 0, inFlight: 0 })
  })

  it('decides on messages for a disconnected client when it connects again', () => {
    const { world, allowed, attempts } = makeRights()
    const first = world.join('a', persistent)
    subscribe(first, 't')
    first.cut()
    const publisher = world.join('p')
    for (const payload of ['1', '2']) expect(publish(publisher, payload)).toMatchObject([{ reasonCode: 0 }])
    expect(attempts).toEqual([])
    const second = world.join('a', persistent)
    expect(payloads(second)).toEqual([])
    expect(attempts).toHaveLength(2)
    expect(dropped(world)).toHaveLength(2)
    allowed.add('a')
    publish(publisher, '3')
    expect(payloads(second)).toEqual(['3'])
  })

  it('sends a message again without a decision, since its client may have received it', () => {
    const { world, allowed, attempts } = makeRights()
    allowed.add('a')
    const first = world.join('a', persistent)
    subscribe(first, 't')
    publish(world.join('p'), '1')
    expect(payloads(first)).toEqual(['1'])
    first.cut()
    allowed.delete('a')
    expect(payloads(world.join('a', persistent))).toEqual(['1'])
    expect(attempts).toHaveLength(1)
  })

  it('does not send retained messages that a new subscription may not receive', () => {
    const { world, allowed } = makeRights()
    const publisher = world.join('p')
    for (const qos of [0, 1]) publish(publisher, `${qos}`, { topic: `t/${qos}`, qos, retain: true })
    const client = world.join('a')
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't/#', qos: 1 }] })
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'suback'])
    expect(dropped(world)).toHaveLength(2)
    allowed.add('a')
    client.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 't/#', qos: 1 }] })
    expect(payloads(client)).toEqual(['0', '1'])
  })

  it('delivers a message of deliver$ without a decision, and decides on one of publish$', () => {
    const { world, attempts } = makeRights()
    const client = world.join('a', { properties: { receiveMaximum: 1 } })
    subscribe(client, 't')
    const payload = Buffer.from('1')
    const received: string[] = []
    world.broker.deliver$('a', { topic: 't', payload }).subscribe()
    world.broker.deliver$('a', { topic: 't', payload: Buffer.from('2') }).subscribe()
    const [first] = client.take()
    client.send({ cmd: 'puback', messageId: first?.messageId ?? 0 })
    received.push(String(first?.payload), ...payloads(client))
    expect(received).toEqual(['1', '2'])
    expect(attempts).toEqual([])
    world.broker.publish$({ topic: 't', payload }).subscribe()
    expect(payloads(client)).toEqual([])
    expect(attempts).toMatchObject([{ publisherId: '' }])
  })

  it('allows nothing when authorizeDelivery throws or returns a Promise', () => {
    const results: (() => unknown)[] = [
      () => {
        throw new Error('no rights')
      },
      () => Promise.resolve('allow'),
      () => true,
      () => undefined,
    ]
    for (const result of results) {
      const { world } = makeRights({ authority: { authorizeDelivery: result as never } })
      const client = world.join('a')
      subscribe(client, 't')
      publish(world.join('p'), '1')
      expect(payloads(client)).toEqual([])
      const failure = { type: 'hook-failed', hook: 'authorizeDelivery', clientId: 'a' }
      expect(world.events).toContainEqual(expect.objectContaining(failure))
      expect(dropped(world)).toHaveLength(1)
    }
  })
})

describe('authorizeDelivery with a shared subscription', () => {
  it('gives a message to the next member when the first may not receive it', () => {
    const { world, allowed } = makeRights()
    const members = ['a', 'b', 'c'].map((clientId) => world.join(clientId))
    for (const member of members) subscribe(member, '$share/g/t')
    allowed.add('b')
    const publisher = world.join('p')
    for (const payload of ['1', '2', '3']) publish(publisher, payload)
    expect(members.map(payloads)).toEqual([[], ['1', '2', '3'], []])
    expect(dropped(world)).toEqual([])
  })

  it('drops a message that no member may receive, with one event', () => {
    const { world } = makeRights()
    for (const clientId of ['a', 'b']) subscribe(world.join(clientId), '$share/g/t')
    expect(publish(world.join('p'), '1')).toMatchObject([{ reasonCode: 0x10 }])
    expect(dropped(world)).toMatchObject([{ clientId: 'b', loss: 'not-authorized' }])
  })

  it.each([1, 2])(
    'gives a queued QoS %i message to another member when the right of its member is removed',
    (qos) => {
      const { world, allowed } = makeRights()
      const [a, b] = ['a', 'b'].map((clientId) =>
        world.join(clientId, { properties: { receiveMaximum: 1 } }),
      ) as [Client, Client]
      for (const member of [a, b]) subscribe(member, '$share/g/t', 2)
      allowed.add('a')
      const publisher = world.join('p')
      publish(publisher, '1')
      publish(publisher, '2', { qos, messageId: 2 })
      const [first] = a.take()
      allowed.delete('a')
      allowed.add('b')
      a.send({ cmd: 'puback', messageId: first?.messageId ?? 0 })
      expect(payloads(a)).toEqual([])
      expect(payloads(b)).toEqual(['2'])
      expect(dropped(world)).toEqual([])
    },
  )

  it('drops a queued message of a group without another member', () => {
    const { world } = makeRights()
    const member = world.join('a', persistent)
    subscribe(member, '$share/g/t')
    member.cut()
    expect(publish(world.join('p'), '1')).toMatchObject([{ reasonCode: 0 }])
    expect(payloads(world.join('a', persistent))).toEqual([])
    expect(dropped(world)).toMatchObject([{ clientId: 'a', loss: 'not-authorized' }])
    expect(world.broker.session('a')).toMatchObject({ queued: 0, inFlight: 0 })
  })
})

describe('authorizeDelivery without a member that is available', () => {
  it('is not called for a group that skips disconnected members', () => {
    const { world, attempts } = makeRights({ sharedOffline: 'skip' })
    const member = world.join('a', persistent)
    subscribe(member, '$share/g/t')
    member.cut()
    expect(publish(world.join('p'), '1')).toMatchObject([{ reasonCode: 0x10 }])
    expect([attempts, dropped(world)]).toEqual([[], []])
  })
})

describe('authorizeDelivery of createBrokerEngine', () => {
  it('decides on each copy for overlapping subscriptions, in the order of the subscriptions', () => {
    const decided: DeliveryAttempt[] = []
    const engine = createBrokerEngine({
      scheduler: new VirtualTimeScheduler(),
      overlap: 'each',
      authority: {
        authorizeDelivery: (attempt) => (decided.push(attempt) === 2 ? 'refuse' : 'allow'),
      },
    })
    const received: unknown[] = []
    const connection = engine.connect(
      { clientId: 'a', cleanStart: true, sessionExpiryInterval: 0 },
      {
        publish: ({ qos, retain }) => received.push([qos, retain]),
        release: () => undefined,
        disconnect: () => undefined,
      },
    )
    for (const [filter, qos] of [
      ['#', 0],
      ['+', 2],
      ['t', 1],
    ] as const)
      connection.subscribe([{ filter, qos, noLocal: false, retainAsPublished: qos === 1, retainHandling: 0 }])
    engine.publish({ topic: 't', payload: new Uint8Array(), qos: 2, retain: true })
    expect(decided).toHaveLength(3)
    expect(received).toEqual([
      [0, false],
      [1, true],
    ])
  })
})

describe('authorizeDelivery that calls the broker', () => {
  it('routes a message that the hook publishes, and the message that it decides on', () => {
    let calls = 0
    const { world } = makeRights({
      authority: {
        authorizeDelivery: ({ topic }) => {
          if (topic === 't' && calls++ < 2)
            world.broker.publish$({ topic: 'audit', payload: Buffer.from('x'), qos: 0 }).subscribe()
          return 'allow'
        },
      },
    })
    const clients = ['a', 'b'].map((clientId) => world.join(clientId))
    for (const client of clients) subscribe(client, '#')
    publish(world.join('p'), '1')
    const topics = clients.map((client) => client.take().map(({ topic }) => topic))
    expect(topics).toEqual([
      ['audit', 't', 'audit'],
      ['audit', 'audit', 't'],
    ])
  })

  it('does not deliver to a session that the hook ends, nor queue for it', () => {
    for (const filter of ['t', '$share/g/t']) {
      const { world } = makeRights({
        authority: {
          authorizeDelivery: ({ client }) => {
            world.broker.forget(client.clientId)
            return 'allow'
          },
        },
      })
      subscribe(world.join('a', persistent), filter)
      publish(world.join('p'), '1')
      expect(world.broker.session('a')).toBeUndefined()
      expect(world.engine.memory.bytes).toBe(world.broker.sessions().length * 3_000 + 2)
    }
  })

  it('keeps a queued message when the hook disconnects its client', () => {
    let isDisconnecting = false
    const { world } = makeRights({
      authority: {
        authorizeDelivery: ({ client }) => {
          if (isDisconnecting) world.broker.disconnect(client.clientId)
          return 'allow'
        },
      },
    })
    const first = world.join('a', persistent)
    subscribe(first, 't')
    first.cut()
    publish(world.join('p'), '1')
    isDisconnecting = true
    expect(payloads(world.join('a', persistent))).toEqual([])
    expect(world.broker.session('a')).toMatchObject({ queued: 1 })
    isDisconnecting = false
    expect(payloads(world.join('a', persistent))).toEqual(['1'])
  })

  it('decides on the next message when the hook has removed the one that it decides on', () => {
    const withdrawn: string[] = []
    const { world } = makeRights({
      authority: {
        authorizeDelivery: ({ client, message }) => {
          const payload = String(message.payload)
          withdrawn.push(payload)
          if (payload === '1') {
            const session = world.engine.sessions.get(client.clientId)
            session?.outbound.dropOldest('queueMessages', () => session.outbound.queuedCount < 2)
          }
          return 'allow'
        },
      },
    })
    const first = world.join('a', persistent)
    subscribe(first, 't')
    first.cut()
    const publisher = world.join('p')
    for (const payload of ['1', '2']) publish(publisher, payload)
    expect(payloads(world.join('a', persistent))).toEqual(['2'])
    expect(withdrawn).toEqual(['1', '2'])
  })

  it('stops sending retained messages when the hook disconnects the client', () => {
    const { world } = makeRights({
      authority: {
        authorizeDelivery: ({ client }) => {
          world.broker.disconnect(client.clientId)
          return 'allow'
        },
      },
    })
    publish(world.join('p'), '1', { retain: true })
    const client = world.join('a')
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] })
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'suback', 'disconnect'])
  })
})

describe('authorizeDelivery with a storage', () => {
  it('removes refused messages of a restored session from the storage', async () => {
    const storage = memoryStorage()
    const first = makeRights({ storage })
    await first.world.engine.ready
    const client = first.world.join('a', persistent)
    subscribe(client, 't', 2)
    client.cut()
    const publisher = first.world.join('p')
    for (const qos of [1, 2]) publish(publisher, `${qos}`, { qos, messageId: qos })
    await first.world.settle()
    const second = makeRights({ storage })
    await second.world.engine.ready
    expect(second.world.broker.session('a')).toMatchObject({ queued: 2 })
    expect(payloads(second.world.join('a', persistent))).toEqual([])
    await second.world.settle()
    const third = makeRights({ storage })
    await third.world.engine.ready
    expect(third.world.broker.session('a')).toMatchObject({ queued: 0, inFlight: 0 })
  })
})
