import { AntiphonError } from '@antiphon/core'
import type { OutgoingMessage } from '@antiphon/core'
import { VirtualTimeScheduler, take, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createBroker } from '../../src/broker.js'
import type { Broker } from '../../src/broker.js'
import { deliver$, publishFromServer$ } from '../../src/control/deliver.js'
import { toSessionInfo } from '../../src/control/session-info.js'
import { snapshot } from '../../src/stats.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, World } from '../world.js'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const lasting = { clean: false, properties: { sessionExpiryInterval: 100 } }
const command: OutgoingMessage = { topic: 'cmd', payload: bytes('x'), qos: 1 }

function device(world: World, qos = 1, connect: AnyPacket = lasting): ReturnType<World['join']> {
  const client = world.join('device', connect)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'cmd', qos }] })
  client.take()
  return client
}

function follow(
  world: World,
  message: OutgoingMessage = command,
): { readonly seen: string[]; readonly stop: () => void } {
  const seen: string[] = []
  const subscription = deliver$(world.engine, 'device', message).subscribe({
    next: ({ status, ...more }) => seen.push('reasonCode' in more ? `${status} ${more.reasonCode}` : status),
    error: (error: unknown) => seen.push(AntiphonError.from(error).code),
    complete: () => seen.push('complete'),
  })
  return { seen, stop: () => subscription.unsubscribe() }
}

describe('deliver$', () => {
  it('reaches one client, and tells when it has the message', () => {
    const world = makeWorld()
    const client = device(world)
    const other = world.join('other')
    other.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 1 }] })
    other.take()
    const { seen } = follow(world)
    expect(seen).toEqual(['sent'])
    const got = client.first()
    expect([got.topic, got.qos]).toEqual(['cmd', 1])
    client.send({ cmd: 'puback', messageId: got.messageId ?? 0 })
    expect(seen).toEqual(['sent', 'acknowledged 0', 'complete'])
    expect(other.take()).toEqual([])
  })

  it('waits for a client that is away, until its own expiry and no longer', () => {
    const world = makeWorld()
    device(world).cut()
    const late = follow(world, { ...command, messageExpiryInterval: 5 })
    const patient = follow(world, { ...command, messageExpiryInterval: 50 })
    world.advance(5_000)
    expect([late.seen, patient.seen]).toEqual([['queued', 'expired'], ['queued']])
    const back = world.join('device', lasting)
    expect(back.take().filter(({ cmd }) => cmd === 'publish')).toHaveLength(1)
    expect(patient.seen).toEqual(['queued', 'sent'])
  })

  it('takes the message back when nobody wants to know any more', () => {
    const world = makeWorld()
    device(world).cut()
    follow(world).stop()
    expect(world.join('device', lasting).take()).toHaveLength(1)
  })

  it('takes back what a client got and did not acknowledge before it went', () => {
    const world = makeWorld()
    const client = device(world)
    const { stop } = follow(world)
    expect(client.take()).toHaveLength(1)
    client.cut()
    stop()
    expect(world.join('device', lasting).take()).toHaveLength(1)
  })

  it.each([
    ['when nobody wants to know any more', undefined, []],
    ['when its own expiry is over', 5, ['expired']],
  ])(
    'takes back what a connected client holds, %s: its next connection does not get it',
    (_, messageExpiryInterval, end) => {
      const world = makeWorld()
      const client = device(world)
      const { seen, stop } = follow(world, {
        ...command,
        ...(messageExpiryInterval && { messageExpiryInterval }),
      })
      expect(client.take()).toHaveLength(1)
      world.advance(10_000)
      if (messageExpiryInterval === undefined) stop()
      client.cut()
      expect(seen).toEqual(['sent', ...end])
      expect(world.join('device', lasting).take()).toHaveLength(1)
      expect(world.engine.sessions.get('device')?.outbound).toMatchObject({ inFlightCount: 0, heldBytes: 0 })
    },
  )

  it('lets a connected client acknowledge what was taken back', () => {
    const world = makeWorld()
    const client = device(world)
    follow(world).stop()
    client.send({ cmd: 'puback', messageId: client.first().messageId ?? 0 })
    client.cut()
    expect(world.join('device', lasting).take()).toHaveLength(1)
  })

  it('takes back what waits to be sent again to a client that came back', () => {
    const world = makeWorld()
    const client = device(world)
    const first = follow(world)
    const second = follow(world)
    expect(client.take()).toHaveLength(2)
    client.cut()
    const back = world.join('device', {
      ...lasting,
      properties: { ...lasting.properties, receiveMaximum: 1 },
    })
    const [, again] = back.take()
    second.stop()
    first.stop()
    back.send({ cmd: 'puback', messageId: again?.messageId ?? 0 })
    expect(back.take()).toEqual([])
  })

  it('completes at QoS 2 what was begun [MQTT-4.3.3-3]', () => {
    const world = makeWorld()
    const client = device(world, 2)
    const { stop } = follow(world, { ...command, qos: 2 })
    expect(client.take()).toHaveLength(1)
    client.cut()
    stop()
    expect(world.join('device', lasting).take().at(-1)).toMatchObject({ cmd: 'publish', dup: true })
  })

  it('says why it cannot', () => {
    const world = makeWorld({ limits: { queueMessages: 1 } })
    expect(follow(world).seen).toEqual(['no-responder'])
    const client = device(world, 1, {
      ...lasting,
      properties: { ...lasting.properties, maximumPacketSize: 20 },
    })
    expect(follow(world, { ...command, topic: 'other' }).seen).toEqual(['no-responder'])
    expect(follow(world, { ...command, topic: '#' }).seen).toEqual(['invalid-argument'])
    expect(follow(world, { ...command, payload: bytes('x'.repeat(50)) }).seen).toEqual(['too-large'])
    client.cut()
    expect(follow(world, { ...command, qos: 0 }).seen).toEqual(['connection-lost'])
    const waiting = follow(world)
    expect(follow(world).seen).toEqual(['queued', 'overflow'])
    world.advance(100_000)
    expect(waiting.seen).toEqual(['queued', 'session-lost'])
  })

  it('goes at the QoS of the subscription', () => {
    const world = makeWorld()
    const client = device(world, 0)
    expect(follow(world).seen).toEqual(['sent', 'complete'])
    expect(client.first().qos).toBe(0)
  })

  it('tells of a QoS 2 message as soon as the client has it, and of a refusal', () => {
    const world = makeWorld()
    const client = device(world, 2)
    const two = follow(world, { ...command, qos: 2 })
    client.send({ cmd: 'pubrec', messageId: client.first().messageId ?? 0 })
    expect(two.seen).toEqual(['sent', 'acknowledged 0', 'complete'])
    const refused = follow(world)
    client.send({ cmd: 'puback', messageId: client.take().at(-1)?.messageId ?? 0, reasonCode: 0x83 })
    expect(refused.seen).toEqual(['sent', 'acknowledged 131', 'complete'])
  })
})

describe('publish$', () => {
  it('reaches everybody, unasked, and tells whether there was anybody', () => {
    const world = makeWorld({ authority: { authorizePublish: () => ({ refuse: 0x87 }) } })
    const codes: number[] = []
    const publish = (): void => {
      publishFromServer$(world.engine, command).subscribe(({ reasonCode }) => codes.push(reasonCode))
    }
    publish()
    const client = device(world)
    publish()
    expect(codes).toEqual([0x10, 0])
    expect(client.take()).toHaveLength(1)
  })
})

describe('a session’s state', () => {
  it('tells what there is', () => {
    const world = makeWorld()
    const client = world.join('device', lasting)
    client.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'cmd', qos: 1, nl: true }],
      properties: { subscriptionIdentifier: 4 },
    })
    follow(world)
    const session = world.engine.sessions.get('device')
    expect(session && toSessionInfo(session)).toMatchObject({
      clientId: 'device',
      client: { clientId: 'device', protocolVersion: 5, listener: 'test' },
      sessionExpiryInterval: 100,
      subscriptions: [
        { filter: 'cmd', qos: 1, noLocal: true, retainAsPublished: false, subscriptionIdentifier: 4 },
      ],
      inFlight: 1,
      queued: 0,
    })
    client.cut()
    expect(session && toSessionInfo(session)).not.toHaveProperty('client')
  })
})

describe('a broker', () => {
  const make = (): { broker: Broker; scheduler: VirtualTimeScheduler } => {
    const scheduler = new VirtualTimeScheduler()
    return { broker: createBroker({ scheduler, statsPeriod: 1_000 }), scheduler }
  }

  it('counts', () => {
    const { broker, scheduler } = make()
    const link = broker.link({ clientId: 'a' })
    link.state$.subscribe()
    link.publish$({ topic: 't', payload: bytes('x'), retain: true }).subscribe()
    const seen: AnyPacket[] = []
    broker.stats$
      .pipe(take(2), toArray())
      .subscribe((stats) => seen.push(...(stats as unknown as AnyPacket[])))
    scheduler.maxFrames = 1_000
    scheduler.flush()
    expect(seen[1]).toMatchObject({
      connects: 1,
      connections: 1,
      sessions: 1,
      messagesIn: 1,
      retained: 1,
      dropped: 0,
    })
    expect(broker.retained()).toMatchObject([{ topic: 't', retain: true }])
    expect(broker.retained('x')).toEqual([])
  })

  it('counts refusals by their reasons', () => {
    const world = makeWorld({ limits: { sessions: 1 } })
    world.join('a')
    for (const name of ['b', 'c']) world.join(name)
    expect(snapshot(world.engine)).toMatchObject({ refusals: 2, refusalsByReason: { 0x97: 2 } })
  })

  it('lists all that is retained, also what no wildcard selects', () => {
    const { broker, scheduler } = make()
    for (const topic of ['a', '$b']) broker.publish$({ topic, payload: bytes('x'), retain: true }).subscribe()
    scheduler.flush()
    expect(broker.retained().map(({ topic }) => topic)).toEqual(['a', '$b'])
    expect(broker.retained('#').map(({ topic }) => topic)).toEqual(['a'])
  })

  it('forgets, disconnects and lists', () => {
    const { broker, scheduler } = make()
    const link = broker.link({ clientId: 'a', sessionExpiryInterval: 100 })
    link.state$.subscribe()
    scheduler.maxFrames = 0
    scheduler.flush()
    expect(broker.sessions().map(({ clientId }) => clientId)).toEqual(['a'])
    expect(broker.forget('a')).toBe(true)
    expect(broker.forget('a')).toBe(false)
    expect(broker.disconnect('a')).toBe(false)
    expect(broker.session('a')).toBeUndefined()
  })

  it('refuses limits that cannot be', () => {
    expect(() => createBroker({ limits: { receiveMaximum: 0 } })).toThrow('limits.receiveMaximum is 0')
    expect(() => createBroker({ limits: { nonsense: 1 } as never })).toThrow('limits.nonsense is not a limit')
  })
})
