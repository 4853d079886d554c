import { describe, expect, it } from 'vitest'
import { snapshot } from '../../src/stats.js'
import type { BrokerOptions } from '../../src/index.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const persistent: AnyPacket = { clean: false, properties: { sessionExpiryInterval: 1_000 } }

function subscribed(
  world: World,
  clientId: string,
  topic = clientId,
  connect: AnyPacket = persistent,
): Client {
  const client = world.join(clientId, connect)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
  client.take()
  return client
}

/** Publishes at QoS 1 and returns the reason code of PUBACK. */
function publish(from: Client, topic: string, payload: string | Buffer = 'x'): number | undefined {
  from.take()
  from.send({ cmd: 'publish', topic, payload, qos: 1, messageId: 1 })
  return from.take().find(({ cmd }) => cmd === 'puback')?.reasonCode
}

const ended = ({ events }: World): unknown[] => events.filter(({ type }) => type === 'session-ended')
const dropped = ({ events }: World): unknown[] => events.filter(({ type }) => type === 'dropped')

describe('limits.sessions', () => {
  it('makes room for a new client by ending the session that has been disconnected longest', () => {
    const world = makeWorld({ limits: { sessions: 3 } })
    subscribed(world, 'connected')
    for (const name of ['first', 'second']) {
      subscribed(world, name).cut()
      world.advance(10)
    }
    expect(world.join('new').first()).toMatchObject({ cmd: 'connack', reasonCode: 0 })
    expect(ended(world)).toEqual([{ type: 'session-ended', clientId: 'first', limit: 'sessions' }])
    expect(world.broker.sessions().map(({ clientId }) => clientId)).toEqual(['connected', 'second', 'new'])
  })

  it('ends disconnected sessions without subscriptions before others', () => {
    const world = makeWorld({ limits: { sessions: 2 } })
    subscribed(world, 'device').cut()
    world.join('bare', persistent).cut()
    world.join('new')
    expect(ended(world)).toMatchObject([{ clientId: 'bare' }])
  })

  it('does not end a session that its client has resumed', () => {
    const world = makeWorld({ limits: { sessions: 2 } })
    for (const name of ['first', 'second']) subscribed(world, name).cut()
    world.join('first', persistent)
    world.join('new')
    expect(ended(world)).toMatchObject([{ clientId: 'second' }])
  })

  it('refuses a new client with 0x97 while all sessions are connected', () => {
    const world = makeWorld({ limits: { sessions: 1 } })
    subscribed(world, 'a')
    expect(world.join('b').first()).toMatchObject({ reasonCode: 0x97 })
    expect(world.events.at(-1)).toMatchObject({
      type: 'refused',
      reason: 'quota exceeded (0x97): too many sessions: limits.sessions is 1',
    })
  })

  it('refuses a new client with 0x97 when sessionPolicy is refuse-new', () => {
    const world = makeWorld({ limits: { sessions: 1 }, sessionPolicy: 'refuse-new' })
    subscribed(world, 'a').cut()
    expect(world.join('b').first()).toMatchObject({ reasonCode: 0x97 })
    expect(world.join('a', persistent).first()).toMatchObject({ reasonCode: 0, sessionPresent: true })
  })

  it('ends no session for a client that is not admitted', () => {
    const world = makeWorld({
      limits: { sessions: 1 },
      authority: {
        authenticate: ({ clientId }) =>
          clientId === 'a' ? { admit: true } : { admit: false, reasonCode: 0x87 },
      },
    })
    subscribed(world, 'a').cut()
    world.join('b')
    expect(ended(world)).toEqual([])
  })

  it('publishes the Will of a session that it ends', () => {
    const world = makeWorld({ limits: { sessions: 2 } })
    const watcher = subscribed(world, 'watcher', 'will')
    const will = {
      topic: 'will',
      payload: 'gone',
      qos: 0,
      retain: false,
      properties: { willDelayInterval: 500 },
    }
    world.join('a', { ...persistent, will }).cut()
    world.join('new')
    expect(watcher.take()).toMatchObject([{ cmd: 'publish', topic: 'will' }])
  })

  it('makes room for a client in process', () => {
    const world = makeWorld({ limits: { sessions: 1 } })
    subscribed(world, 'a').cut()
    const states: string[] = []
    world.broker.link({ clientId: 'b' }).state$.subscribe(({ status }) => states.push(status))
    world.advance()
    expect(states).toContain('online')
  })
})

describe('limits.totalBytes', () => {
  const options = (more: BrokerOptions = {}): BrokerOptions => ({
    ...more,
    limits: { totalBytes: 100_000, ...more.limits },
  })

  it('drops the oldest messages of the session that holds most when another one needs room', () => {
    const world = makeWorld(options())
    for (const name of ['hog', 'small']) subscribed(world, name).cut()
    const from = world.join('from')
    for (let index = 0; index < 8; index++) expect(publish(from, 'hog', Buffer.alloc(10_000, index))).toBe(0)
    expect(publish(from, 'small', Buffer.alloc(10_000))).toBe(0)
    expect(dropped(world)).toMatchObject([
      { clientId: 'hog', topic: 'hog', loss: 'queue-full', limit: 'totalBytes' },
    ])
    const payloads = (name: string): unknown[] =>
      world
        .join(name, persistent)
        .take()
        .filter(({ cmd }) => cmd === 'publish')
        .map(({ payload }) => payload?.[0])
    expect(payloads('small')).toEqual([0])
    expect(payloads('hog')).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('refuses a message with 0x97 when memoryPolicy is refuse-new', () => {
    const world = makeWorld(options({ memoryPolicy: 'refuse-new' }))
    for (const name of ['hog', 'small']) subscribed(world, name).cut()
    const from = world.join('from')
    for (let index = 0; index < 8; index++) publish(from, 'hog', Buffer.alloc(10_000))
    expect(publish(from, 'small', Buffer.alloc(10_000))).toBe(0x97)
    expect(dropped(world)).toMatchObject([{ clientId: 'small', loss: 'queue-full', limit: 'totalBytes' }])
  })

  it('counts a message in the queues of many sessions once', () => {
    const world = makeWorld(options())
    for (let index = 0; index < 20; index++) subscribed(world, `${index}`, 't').cut()
    const before = snapshot(world.engine).totalBytes
    expect(publish(world.join('from'), 't', Buffer.alloc(20_000))).toBe(0)
    expect(snapshot(world.engine).totalBytes - before).toBeLessThan(30_000)
    expect(dropped(world)).toEqual([])
  })

  it('refuses a subscription with 0x97 and ends the largest disconnected session for the next one', () => {
    const world = makeWorld(options())
    const hog = world.join('hog', persistent)
    const topics = Array.from({ length: 90 }, (_, index) => `${index}/${'x'.repeat(200)}`)
    hog.send({ cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 0 })) })
    hog.cut()
    const client = world.join('client')
    const granted: (number | undefined)[] = []
    for (let index = 0; index < 10; index++) {
      client.take()
      client.send({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [{ topic: `${index}/${'y'.repeat(500)}`, qos: 0 }],
      })
      granted.push(client.take().find(({ cmd }) => cmd === 'suback')?.granted?.[0])
    }
    expect(granted.filter((code) => code === 0x97)).toHaveLength(1)
    expect(granted.at(-1)).toBe(0)
    expect(ended(world)).toEqual([{ type: 'session-ended', clientId: 'hog', limit: 'totalBytes' }])
  })

  it('makes room for a new client by ending the largest disconnected session', () => {
    const world = makeWorld(options())
    const will = (payload: string): AnyPacket => ({
      topic: 'w',
      payload,
      qos: 0,
      retain: false,
      properties: { willDelayInterval: 900 },
    })
    world.join('hog', { ...persistent, will: will('x'.repeat(50_000)) }).cut()
    world.join('small', { ...persistent, will: will('x') }).cut()
    expect(world.join('new', { will: will('x'.repeat(50_000)) }).first()).toMatchObject({ reasonCode: 0 })
    expect(ended(world)).toMatchObject([{ clientId: 'hog', limit: 'totalBytes' }])
  })

  it('refuses a new client with 0x97 when memoryPolicy is refuse-new', () => {
    const world = makeWorld(options({ memoryPolicy: 'refuse-new' }))
    const will = { topic: 'w', payload: 'x'.repeat(50_000), qos: 0, retain: false }
    world.join('a', { will })
    expect(world.join('b', { will }).first()).toMatchObject({ reasonCode: 0x97 })
    expect(world.events.at(-1)).toMatchObject({
      reason: 'quota exceeded (0x97): the sessions hold too many bytes: limits.totalBytes is 100000',
    })
  })

  it('counts nothing once all sessions have ended', () => {
    const world = makeWorld()
    const will = { topic: 't', payload: 'x'.repeat(100), qos: 1, retain: false }
    for (let index = 0; index < 10; index++) {
      const client = world.join(`${index}`, { ...persistent, ...(index % 2 === 0 ? { will } : {}) })
      for (const topic of ['t', '#', '$share/g/t', 't'])
        client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: index % 3 }] })
      client.send({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['t'] })
      for (const qos of [0, 1, 2])
        client.send({ cmd: 'publish', topic: 't', payload: 'x', qos, messageId: 9 })
      for (const { cmd, messageId = 0, qos } of client.take())
        if (cmd === 'publish' && index % 2 === 0)
          client.send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId })
      if (index < 8) client.cut()
    }
    expect(world.engine.memory.bytes).toBeGreaterThan(0)
    for (const { clientId } of world.broker.sessions()) world.broker.forget(clientId)
    world.advance()
    expect(world.engine.memory.bytes).toBe(0)
  })
})

describe('before a client is admitted', () => {
  it('refuses a CONNECT larger than limits.connectSize', () => {
    const world = makeWorld({ limits: { connectSize: 100 } })
    const client = world.join('a', { username: 'x'.repeat(200) })
    expect(client.channel.isEnded).toBe(true)
    expect(world.events).toMatchObject([
      { type: 'refused', reasonCode: 0x95, reason: expect.stringContaining('limits.connectSize') as string },
    ])
  })

  it('accepts a PUBLISH larger than limits.connectSize after CONNACK', () => {
    const world = makeWorld({ limits: { connectSize: 100 } })
    const client = subscribed(world, 'a')
    expect(publish(client, 'a', Buffer.alloc(1_000))).toBe(0)
  })

  it('refuses CONNECTs in parts beyond limits.unauthenticatedBytes, and no whole one', () => {
    const world = makeWorld({ limits: { unauthenticatedBytes: 1_000 } })
    const part = Buffer.concat([Buffer.from([0x10, 0xff, 0x7f]), Buffer.alloc(400)])
    const slow = [1, 2, 3].map(() => world.dial())
    for (const client of slow) client.send(part)
    expect(slow.map(({ channel }) => channel.isEnded)).toEqual([false, false, true])
    expect(world.events).toMatchObject([
      {
        type: 'refused',
        reasonCode: 0x97,
        reason: expect.stringContaining('limits.unauthenticatedBytes') as string,
      },
    ])
    expect(world.join('whole').first()).toMatchObject({ reasonCode: 0 })
    for (const { channel } of slow) channel.close()
    expect(world.engine.unauthenticated.bytes).toBe(0)
  })
})

describe('limits.totalUnreadBytes', () => {
  it('drops QoS 0 messages to the clients that read slowest, and none to the others', () => {
    const world = makeWorld({ limits: { totalUnreadBytes: 1_000_000 } })
    const stopped = Array.from({ length: 10 }, (_, index) => subscribed(world, `stopped ${index}`, 't'))
    const healthy = subscribed(world, 'healthy', 't')
    for (const { channel } of stopped) channel.isBlocked = true
    const from = world.join('from')
    for (let index = 0; index < 100; index++) {
      from.send({ cmd: 'publish', topic: 't', payload: Buffer.alloc(10_000), qos: 0 })
      expect(healthy.take()).toHaveLength(1)
    }
    const unread = stopped.reduce((sum, { channel }) => sum + channel.pending, 0)
    expect(unread).toBeLessThan(1_300_000)
    expect(dropped(world)[0]).toMatchObject({ loss: 'slow-consumer', limit: 'totalUnreadBytes' })
    expect(world.events).not.toContainEqual(expect.objectContaining({ type: 'dropped', clientId: 'healthy' }))
    for (const { channel } of stopped) channel.unblock()
    expect(world.engine.unread.bytes).toBe(0)
  })

  it('counts nothing for connections that have closed', () => {
    const world = makeWorld()
    const client = subscribed(world, 'a', 't')
    client.channel.isBlocked = true
    for (let index = 0; index < 20; index++)
      world.join('from').send({ cmd: 'publish', topic: 't', payload: Buffer.alloc(10_000), qos: 0 })
    expect(world.engine.unread.bytes).toBeGreaterThan(100_000)
    client.cut()
    expect(world.engine.unread.bytes).toBe(0)
  })
})
