import { describe, expect, it } from 'vitest'
import { makeWorld } from '../world.js'
import type { Client, World } from '../world.js'
import { drops } from './drops.js'
import type { Drop } from './drops.js'
import { bytes, closed, inProcess, messages, onFirst, publish, subscriber } from './scene.js'

interface Scene {
  readonly world: World
  /** Subscribed to `t`, after the victim. */
  readonly healthy: Client
  /** Subscribed to `other`. */
  readonly other: Client
}

/** Calls `act` within the observer of the first `dropped` event. */
function scene({ options, arrange, loss }: Drop, act: (world: World) => void): Scene {
  const world = makeWorld(options)
  arrange(world)
  const healthy = subscriber(world, 'healthy', 't')
  const other = subscriber(world, 'other', 'other')
  onFirst(
    world,
    (event) => event.type === 'dropped' && event.clientId === 'victim' && event.loss === loss,
    () => act(world),
  )
  return { world, healthy, other }
}

describe('an observer of a dropped message', () => {
  it.each(drops)('does not misroute the message when it publishes to another topic (%s)', (_, drop) => {
    const { world, healthy, other } = scene(drop, ({ broker }) =>
      broker.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe(),
    )
    publish(world, drop.message)
    expect(messages(healthy)).toEqual(['t: the message'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })

  it.each(drops)('does not misroute the message when it publishes over a link in process (%s)', (_, drop) => {
    const { world, healthy, other } = scene(drop, () =>
      link.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe(),
    )
    const link = world.broker.link()
    link.state$.subscribe()
    world.advance()
    publish(world, drop.message)
    expect(messages(healthy)).toEqual(['t: the message'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })

  it.each(drops)('publishes to the same topic behind the message (%s)', (_, drop) => {
    const { world, healthy } = scene(drop, ({ broker }) =>
      broker.publish$({ topic: 't', payload: bytes('re-entrant'), qos: 0 }).subscribe(),
    )
    publish(world, drop.message)
    expect(messages(healthy)).toEqual(['t: the message', 't: re-entrant'])
  })

  it.each(drops.filter(([, { message }]) => message['qos'] === 1))(
    'leaves the publisher the reason code of its own message (%s)',
    (_, drop) => {
      const { world } = scene(drop, ({ broker }) =>
        broker.publish$({ topic: 'not/subscribed', payload: bytes('re-entrant') }).subscribe(),
      )
      const from = world.join('from')
      from.take()
      const message = { topic: 't', payload: 'the message', messageId: 1, ...drop.message }
      from.send({ cmd: 'publish', ...message })
      expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0 }])
    },
  )

  it.each(drops)('subscribes to later messages only (%s)', (_, drop) => {
    const { world } = scene(drop, () => late.subscribe('t'))
    const late = inProcess(world, 'late')
    publish(world, drop.message)
    world.advance()
    publish(world, { payload: 'next' })
    expect(late.heard).toEqual(['online', 't: next'])
  })

  it.each(drops)('unsubscribes a client after it got the message (%s)', (_, drop) => {
    const { world } = scene(drop, () => late.unsubscribe('t'))
    const late = inProcess(world, 'late')
    late.subscribe('t')
    publish(world, drop.message)
    publish(world, { payload: 'next' })
    expect(late.heard).toEqual(['online', 't: the message'])
  })

  it.each(drops)('disconnects a client after it got the message (%s)', (_, drop) => {
    const { world, healthy } = scene(drop, ({ broker }) => broker.disconnect('healthy'))
    publish(world, drop.message)
    expect(healthy.take()).toMatchObject([{ cmd: 'publish', topic: 't' }, { cmd: 'disconnect' }])
  })

  it.each(drops)('ends a session after it got the message (%s)', (_, drop) => {
    const { world, healthy } = scene(drop, ({ broker }) => {
      broker.forget('healthy')
      broker.forget('victim')
    })
    publish(world, drop.message)
    expect(healthy.take()).toMatchObject([{ cmd: 'publish', topic: 't' }, { cmd: 'disconnect' }])
    expect(world.broker.sessions().map(({ clientId }) => clientId)).toEqual(['other'])
    expect(world.engine.router.subscriptionCount).toBe(1)
  })

  it.each(drops)('closes the broker after everybody got the message (%s)', async (_, drop) => {
    const { world, healthy } = scene(drop, ({ broker }) => void broker.close())
    publish(world, drop.message)
    await closed(world)
    expect(healthy.take()).toMatchObject([
      { cmd: 'publish', topic: 't' },
      { cmd: 'disconnect', reasonCode: 0x8b },
    ])
  })
})

/** Every origin of a message, each with a way to publish `drop.message` from it. */
const origins: readonly (readonly [title: string, send: (world: World, drop: Drop) => void])[] = [
  ['the broker itself', (world, { message }) => void world.broker.publish$(toOutgoing(message)).subscribe()],
  [
    'a link in process',
    (world, { message }) => {
      const { topic, payload, qos } = toOutgoing(message)
      inProcess(world, 'from').publish(topic, Buffer.from(payload).toString(), qos)
    },
  ],
  [
    'a will',
    (world, { message }) => {
      const will = { topic: 't', payload: 'the message', qos: 0, retain: false, ...message }
      world.join('from', { will }).cut()
    },
  ],
]

function toOutgoing(message: Drop['message']): { topic: string; payload: Uint8Array; qos: 0 | 1 } {
  const { payload = 'the message', qos = 0 } = message
  return { topic: 't', payload: Buffer.from(payload), qos: qos as 0 | 1 }
}

describe.each(origins)('a message of %s', (_, send) => {
  it.each(drops)('is not misrouted by an observer that publishes (%s)', (_title, drop) => {
    const { world, healthy, other } = scene(drop, ({ broker }) =>
      broker.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe(),
    )
    send(world, drop)
    world.advance()
    expect(messages(healthy)).toEqual(['t: the message'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })
})

describe('a client in process that reads too slowly', () => {
  it('does not misroute a message when an observer of its drop publishes', () => {
    const world = makeWorld({ limits: { queueBytes: 100 } })
    const slow = inProcess(world, 'slow')
    slow.subscribe('t')
    const { broker } = world
    const healthy = subscriber(world, 'healthy', 't')
    const other = subscriber(world, 'other', 'other')
    onFirst(
      world,
      (event) => event.type === 'dropped' && event.clientId === 'slow',
      () => broker.publish$({ topic: 'other', payload: bytes('re-entrant'), qos: 0 }).subscribe(),
    )
    for (const payload of ['first', 'second', 'third']) {
      broker.publish$({ topic: 't', payload: bytes(payload), qos: 0 }).subscribe()
    }
    world.advance()
    expect(slow.heard).toEqual(['online', 't: first', 't: second'])
    expect(messages(healthy)).toEqual(['t: first', 't: second', 't: third'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })
})

describe('a shared subscription', () => {
  it('gives a message to one member when an observer of a drop publishes to the same group', () => {
    const world = makeWorld()
    const options = { properties: { maximumPacketSize: 50 } }
    const victim = subscriber(world, 'victim', '$share/g/t', options)
    const members = ['one', 'two'].map((clientId) => subscriber(world, clientId, '$share/g/t'))
    const other = subscriber(world, 'other', 't')
    onFirst(
      world,
      ({ type }) => type === 'dropped',
      () => world.broker.publish$({ topic: 't', payload: bytes('re-entrant') }).subscribe(),
    )
    publish(world, { payload: 'the message' + 'x'.repeat(100) })
    expect(messages(victim)).toEqual([])
    expect(members.map(messages)).toEqual([['t: re-entrant'], []])
    expect(messages(other)).toEqual(['t: the message', 't: re-entrant'])
  })

  it('hands over every message of a lost member when an observer disconnects the next one meanwhile', () => {
    const world = makeWorld()
    const lost = subscriber(world, 'lost', '$share/g/t', lasting100)
    publish(world, { qos: 1, payload: 'x'.repeat(100) })
    publish(world, { qos: 1, payload: 'second' })
    const small = { ...lasting100, properties: { ...lasting100.properties, maximumPacketSize: 50 } }
    subscriber(world, 'small', '$share/g/t', small)
    const last = subscriber(world, 'last', '$share/g/t')
    onFirst(
      world,
      ({ type }) => type === 'dropped',
      () => world.broker.disconnect('small'),
    )
    lost.cut()
    expect(world.events.filter(({ type }) => type === 'dropped')).toHaveLength(1)
    expect(messages(last)).toEqual(['t: second'])
  })
})

const lasting100 = { clean: false, properties: { sessionExpiryInterval: 100 } }

describe('retained messages', () => {
  it('keep the order of two messages when an observer of a drop retains the second', () => {
    const world = makeWorld()
    subscriber(world, 'victim', 't', { properties: { maximumPacketSize: 50 } })
    const healthy = subscriber(world, 'healthy', 't')
    onFirst(
      world,
      ({ type }) => type === 'dropped',
      () => world.broker.publish$({ topic: 't', payload: bytes('re-entrant'), retain: true }).subscribe(),
    )
    publish(world, { payload: 'the message' + 'x'.repeat(100), retain: true })
    expect(messages(healthy)).toEqual(['t: the message', 't: re-entrant'])
    const late = world.join('late')
    late.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] })
    expect(messages(late)).toEqual(['t: re-entrant'])
  })

  it('are sent to a new subscription as they were when an observer of one that is too large replaces another', () => {
    const world = makeWorld()
    for (const [topic, size] of [
      ['t/1', 100],
      ['t/2', 1],
      ['t/3', 1],
    ] as const) {
      publish(world, { topic, payload: 'x'.repeat(size), retain: true })
    }
    const client = world.join('late', { properties: { maximumPacketSize: 50 } })
    client.take()
    onFirst(
      world,
      ({ type }) => type === 'dropped',
      () => publish(world, { topic: 't/2', payload: 'y', retain: true }),
    )
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't/+', qos: 1 }] })
    const [suback, ...got] = client.take()
    expect(suback).toMatchObject({ cmd: 'suback' })
    expect(got.map(({ topic, payload, retain }) => `${topic} ${String(payload)} ${retain}`)).toEqual([
      't/2 x true',
      't/3 x true',
      't/2 y false',
    ])
  })
})
