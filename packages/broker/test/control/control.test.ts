import { AntiphonError } from '@antiphon/core'
import type { OutgoingMessage } from '@antiphon/core'
import { Subject, VirtualTimeScheduler, take, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createBroker } from '../../src/broker.js'
import type { ConnectVerdict } from '../../src/authority/authority.js'
import type { Broker } from '../../src/broker.js'
import { deliver$, publishFromServer$ } from '../../src/control/deliver.js'
import { toSessionInfo } from '../../src/session/session-info.js'
import { snapshot } from '../../src/stats.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, World } from '../world.js'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const persistent = { clean: false, properties: { sessionExpiryInterval: 100 } }
const command: OutgoingMessage = { topic: 'cmd', payload: bytes('x'), qos: 1 }

function device(world: World, qos = 1, connect: AnyPacket = persistent): ReturnType<World['join']> {
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
  it('delivers a message to one client and emits its acknowledgement', () => {
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

  it('queues a delivery to an offline client until the message expires', () => {
    const world = makeWorld()
    device(world).cut()
    const brief = follow(world, { ...command, messageExpiryInterval: 5 })
    const longLived = follow(world, { ...command, messageExpiryInterval: 50 })
    world.advance(5_000)
    expect([brief.seen, longLived.seen]).toEqual([['queued', 'expired'], ['queued']])
    const back = world.join('device', persistent)
    expect(back.take().filter(({ cmd }) => cmd === 'publish')).toHaveLength(1)
    expect(longLived.seen).toEqual(['queued', 'sent'])
  })

  it('removes a queued delivery on unsubscribe', () => {
    const world = makeWorld()
    device(world).cut()
    follow(world).stop()
    expect(world.join('device', persistent).take()).toHaveLength(1)
  })

  it('removes an unacknowledged delivery to an offline client on unsubscribe', () => {
    const world = makeWorld()
    const client = device(world)
    const { stop } = follow(world)
    expect(client.take()).toHaveLength(1)
    client.cut()
    stop()
    expect(world.join('device', persistent).take()).toHaveLength(1)
  })

  it.each([
    ['on unsubscribe', undefined, []],
    ['when the message expires', 5, ['expired']],
  ])(
    'does not resend a delivery on the next connection that was removed %s',
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
      expect(world.join('device', persistent).take()).toHaveLength(1)
      expect(world.engine.sessions.get('device')?.outbound).toMatchObject({ inFlightCount: 0, heldBytes: 0 })
    },
  )

  it('accepts the acknowledgement of a removed delivery from a connected client', () => {
    const world = makeWorld()
    const client = device(world)
    follow(world).stop()
    client.send({ cmd: 'puback', messageId: client.first().messageId ?? 0 })
    client.cut()
    expect(world.join('device', persistent).take()).toHaveLength(1)
  })

  it('removes a delivery that waits to be resent to a reconnected client', () => {
    const world = makeWorld()
    const client = device(world)
    const first = follow(world)
    const second = follow(world)
    expect(client.take()).toHaveLength(2)
    client.cut()
    const back = world.join('device', {
      ...persistent,
      properties: { ...persistent.properties, receiveMaximum: 1 },
    })
    const [, again] = back.take()
    second.stop()
    first.stop()
    back.send({ cmd: 'puback', messageId: again?.messageId ?? 0 })
    expect(back.take()).toEqual([])
  })

  it('completes a QoS 2 delivery in flight after unsubscribe [MQTT-4.3.3-3]', () => {
    const world = makeWorld()
    const client = device(world, 2)
    const { stop } = follow(world, { ...command, qos: 2 })
    expect(client.take()).toHaveLength(1)
    client.cut()
    stop()
    expect(world.join('device', persistent).take().at(-1)).toMatchObject({ cmd: 'publish', dup: true })
  })

  it('errors a delivery with the reason why it is impossible', () => {
    const world = makeWorld({ limits: { queueMessages: 1 } })
    expect(follow(world).seen).toEqual(['no-responder'])
    const client = device(world, 1, {
      ...persistent,
      properties: { ...persistent.properties, maximumPacketSize: 30 },
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

  it('delivers a message at the QoS of the subscription', () => {
    const world = makeWorld()
    const client = device(world, 0)
    expect(follow(world).seen).toEqual(['sent', 'complete'])
    expect(client.first().qos).toBe(0)
  })

  it('emits the acknowledgement of a QoS 2 delivery at PUBREC, and the reason code of a refusal', () => {
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
  it('publishes from the server without authorizePublish and emits 0x10 without a subscriber', () => {
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

describe('toSessionInfo', () => {
  it('returns the client, expiry, subscriptions and queue counts of a session', () => {
    const world = makeWorld()
    const client = world.join('device', persistent)
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

describe('createBroker', () => {
  const make = (): { broker: Broker; scheduler: VirtualTimeScheduler } => {
    const scheduler = new VirtualTimeScheduler()
    return { broker: createBroker({ scheduler, statsPeriod: 1_000 }), scheduler }
  }

  it('emits counts of connections, sessions and messages on stats$', () => {
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

  it('counts refused connections by reason code', () => {
    const world = makeWorld({ limits: { sessions: 1 } })
    world.join('a')
    for (const name of ['b', 'c']) world.join(name)
    expect(snapshot(world.engine)).toMatchObject({ refusals: 2, refusalsByReason: { 0x97: 2 } })
  })

  it('does not exceed limits.sessions when authenticate admits two clients at the same time', async () => {
    const admit = new Subject<{ readonly admit: true }>()
    const world = makeWorld({ limits: { sessions: 1 }, authority: { authenticate: () => admit } })
    const clients = [world.join('a'), world.join('b')]
    const local = world.broker.link({ clientId: 'c' })
    const states: string[] = []
    local.state$.subscribe(({ status }) => states.push(status))
    world.advance()
    admit.next({ admit: true })
    await world.settle()
    expect(clients.map((client) => client.first().reasonCode)).toEqual([0, 0x97])
    expect(world.engine.sessions.size).toBe(1)
    expect(states).not.toContain('online')
  })

  it('lists all retained messages, including those that no wildcard matches', () => {
    const { broker, scheduler } = make()
    for (const topic of ['a', '$b']) broker.publish$({ topic, payload: bytes('x'), retain: true }).subscribe()
    scheduler.flush()
    expect(broker.retained().map(({ topic }) => topic)).toEqual(['a', '$b'])
    expect(broker.retained('#').map(({ topic }) => topic)).toEqual(['a'])
  })

  it('lists sessions and ends them by forget', () => {
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

  it.each<[string, object]>([
    [
      'options.limits.receiveMaximum is 0: it must be a whole number from 1',
      { limits: { receiveMaximum: 0 } },
    ],
    ['options.limits.nonsense is not known: use connections, ', { limits: { nonsense: 1 } }],
    [
      'options.limits.queueMesages is not known: did you mean queueMessages?',
      { limits: { queueMesages: 1 } },
    ],
    [
      'options.limits.connections is NaN: it must be a number from 0',
      { limits: { connections: Number.NaN } },
    ],
    ['options.autority is not known: did you mean authority?', { autority: {} }],
    ['options.authority.authorisePublish is not known', { authority: { authorisePublish: () => 'allow' } }],
    ['options.authority.authenticate is 1: it must be a function', { authority: { authenticate: 1 } }],
    ['options.authority is 1: it must be an object', { authority: 1 }],
    ['options.maximumQoS is 3: it must be 0 or 1 or 2', { maximumQoS: 3 }],
    ['options.queuePolicy is "drop": it must be drop-new or drop-oldest', { queuePolicy: 'drop' }],
    ['options.protocolVersions is an array of 1: it must be an array of 4 and 5', { protocolVersions: [6] }],
    ['options.authenticationMethods is "x": it must be an array of strings', { authenticationMethods: 'x' }],
    ['options.hookTimeout is 0: it must be a number from 1', { hookTimeout: 0 }],
  ])('refuses an option that is unknown or invalid: %s', (message, options) => {
    expect(() => createBroker(options)).toThrow(message)
  })

  it('accepts undefined options as absent, and an authority of a class with other properties', () => {
    class Users {
      readonly names = new Set(['a'])

      authenticate({ clientId }: { readonly clientId: string }): ConnectVerdict {
        return this.names.has(clientId) ? { admit: true } : { admit: false, reasonCode: 0x87 }
      }
    }
    const authority = new Users()
    const world = makeWorld({ authority, maximumQoS: undefined } as never)
    expect(world.join('a').first()).toMatchObject({ reasonCode: 0 })
    expect(world.join('b').first()).toMatchObject({ reasonCode: 0x87 })
    expect(() => createBroker({ authority, limits: { sessions: undefined } as never })).not.toThrow()
    expect(() => createBroker({ authority: Object.assign(new Users(), { onPublish: 1 }) } as never)).toThrow(
      'options.authority.onPublish is 1: it must be a function',
    )
  })
})
