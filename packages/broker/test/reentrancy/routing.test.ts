import { describe, expect, it } from 'vitest'
import { makeWorld } from '../world.js'
import type { Client, World } from '../world.js'
import { dropCases } from './drop-cases.js'
import type { DropCase } from './drop-cases.js'
import { bytes, closeBroker, connectInProcess, messages, onFirst, publish, subscriber } from './clients.js'

interface Setup {
  readonly world: World
  /** A client subscribed to `t` after the victim. */
  readonly healthy: Client
  /** A client subscribed to `other`. */
  readonly other: Client
}

/** Sets up a drop case; calls `onDrop` within the observer of the first `dropped` event. */
function setUp({ options, arrange, loss }: DropCase, onDrop: (world: World) => void): Setup {
  const world = makeWorld(options)
  arrange(world)
  const healthy = subscriber(world, 'healthy', 't')
  const other = subscriber(world, 'other', 'other')
  onFirst(
    world,
    (event) => event.type === 'dropped' && event.clientId === 'victim' && event.loss === loss,
    () => onDrop(world),
  )
  return { world, healthy, other }
}

describe('an observer of a dropped message', () => {
  it.each(dropCases)(
    'routes a message correctly when an observer of its drop publishes to another topic (%s)',
    (_, drop) => {
      const { world, healthy, other } = setUp(drop, ({ broker }) =>
        broker.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe(),
      )
      publish(world, drop.message)
      expect(messages(healthy)).toEqual(['t: the message'])
      expect(messages(other)).toEqual(['other: re-entrant'])
    },
  )

  it.each(dropCases)(
    'routes a message correctly when an observer of its drop publishes over a link in process (%s)',
    (_, drop) => {
      const { world, healthy, other } = setUp(drop, () =>
        link.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe(),
      )
      const link = world.broker.link()
      link.state$.subscribe()
      world.advance()
      publish(world, drop.message)
      expect(messages(healthy)).toEqual(['t: the message'])
      expect(messages(other)).toEqual(['other: re-entrant'])
    },
  )

  it.each(dropCases)(
    'routes a message before one that an observer of its drop publishes to the same topic (%s)',
    (_, drop) => {
      const { world, healthy } = setUp(drop, ({ broker }) =>
        broker.publish$({ topic: 't', payload: bytes('re-entrant'), qos: 0 }).subscribe(),
      )
      publish(world, drop.message)
      expect(messages(healthy)).toEqual(['t: the message', 't: re-entrant'])
    },
  )

  it.each(dropCases.filter(([, { message }]) => message['qos'] === 1))(
    'sends the publisher the reason code of its own message when an observer of its drop publishes (%s)',
    (_, drop) => {
      const { world } = setUp(drop, ({ broker }) =>
        broker.publish$({ topic: 'not/subscribed', payload: bytes('re-entrant') }).subscribe(),
      )
      const from = world.join('from')
      from.take()
      const message = { topic: 't', payload: 'the message', messageId: 1, ...drop.message }
      from.send({ cmd: 'publish', ...message })
      expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0 }])
    },
  )

  it.each(dropCases)(
    'does not route a message to a client that an observer of its drop subscribes (%s)',
    (_, drop) => {
      const { world } = setUp(drop, () => late.subscribe('t'))
      const late = connectInProcess(world, 'late')
      publish(world, drop.message)
      world.advance()
      publish(world, { payload: 'next' })
      expect(late.received).toEqual(['online', 't: next'])
    },
  )

  it.each(dropCases)(
    'routes a message to a client that an observer of its drop unsubscribes (%s)',
    (_, drop) => {
      const { world } = setUp(drop, () => late.unsubscribe('t'))
      const late = connectInProcess(world, 'late')
      late.subscribe('t')
      publish(world, drop.message)
      publish(world, { payload: 'next' })
      expect(late.received).toEqual(['online', 't: the message'])
    },
  )

  it.each(dropCases)(
    'routes a message to a client before an observer of its drop disconnects it (%s)',
    (_, drop) => {
      const { world, healthy } = setUp(drop, ({ broker }) => broker.disconnect('healthy'))
      publish(world, drop.message)
      expect(healthy.take()).toMatchObject([{ cmd: 'publish', topic: 't' }, { cmd: 'disconnect' }])
    },
  )

  it.each(dropCases)(
    'routes a message to a client before an observer of its drop ends the session (%s)',
    (_, drop) => {
      const { world, healthy } = setUp(drop, ({ broker }) => {
        broker.forget('healthy')
        broker.forget('victim')
      })
      publish(world, drop.message)
      expect(healthy.take()).toMatchObject([{ cmd: 'publish', topic: 't' }, { cmd: 'disconnect' }])
      expect(world.broker.sessions().map(({ clientId }) => clientId)).toEqual(['other'])
      expect(world.engine.router.subscriptionCount).toBe(1)
    },
  )

  it.each(dropCases)(
    'routes a message to all subscribers before an observer of its drop closes the broker (%s)',
    async (_, drop) => {
      const { world, healthy } = setUp(drop, ({ broker }) => void broker.close())
      publish(world, drop.message)
      await closeBroker(world)
      expect(healthy.take()).toMatchObject([
        { cmd: 'publish', topic: 't' },
        { cmd: 'disconnect', reasonCode: 0x8b },
      ])
    },
  )
})

/** The origins of a message, each with a function that publishes `drop.message` from it. */
const origins: readonly (readonly [title: string, send: (world: World, drop: DropCase) => void])[] = [
  ['the broker itself', (world, { message }) => void world.broker.publish$(toOutgoing(message)).subscribe()],
  [
    'a link in process',
    (world, { message }) => {
      const { topic, payload, qos } = toOutgoing(message)
      connectInProcess(world, 'from').publish(topic, Buffer.from(payload).toString(), qos)
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

function toOutgoing(message: DropCase['message']): { topic: string; payload: Uint8Array; qos: 0 | 1 } {
  const { payload = 'the message', qos = 0 } = message
  return { topic: 't', payload: Buffer.from(payload), qos: qos as 0 | 1 }
}

describe.each(origins)('a message of %s', (origin, send) => {
  it.each(dropCases)(
    `routes a message of ${origin} correctly when an observer of its drop publishes (%s)`,
    (_title, drop) => {
      const { world, healthy, other } = setUp(drop, ({ broker }) =>
        broker.publish$({ topic: 'other', payload: bytes('re-entrant') }).subscribe(),
      )
      send(world, drop)
      world.advance()
      expect(messages(healthy)).toEqual(['t: the message'])
      expect(messages(other)).toEqual(['other: re-entrant'])
    },
  )
})

describe('a client in process that reads too slowly', () => {
  it('routes a message correctly when a slow client in process drops it and an observer publishes', () => {
    const world = makeWorld({ limits: { queueBytes: 100 } })
    const slow = connectInProcess(world, 'slow')
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
    expect(slow.received).toEqual(['online', 't: first', 't: second'])
    expect(messages(healthy)).toEqual(['t: first', 't: second', 't: third'])
    expect(messages(other)).toEqual(['other: re-entrant'])
  })
})

describe('a shared subscription', () => {
  it('sends a message to one member of a group when an observer of a drop publishes to the group', () => {
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

  it('sends the messages of a lost member to another member when an observer disconnects the next one', () => {
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
  it('retains the later message when an observer of a drop publishes it', () => {
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

  it('sends the retained messages as of the SUBSCRIBE when an observer of a drop replaces one', () => {
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
