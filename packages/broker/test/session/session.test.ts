import { describe, expect, it } from 'vitest'
import { fromOutgoing } from '../../src/packet/publication.js'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const publish = (payload: string, more: AnyPacket = {}): AnyPacket => ({
  cmd: 'publish',
  topic: 't',
  payload,
  qos: 1,
  messageId: 1,
  ...more,
})
const persistent = (seconds = 100): AnyPacket => ({
  clean: false,
  properties: { sessionExpiryInterval: seconds },
})

function subscribed(world: World, clientId: string, connect: AnyPacket, more: AnyPacket = {}): Client {
  const client = world.join(clientId, connect)
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 2, ...more }] })
  client.take()
  return client
}

const payloads = (packets: AnyPacket[]): string[] =>
  packets.filter(({ cmd }) => cmd === 'publish').map(({ payload }) => String(payload))

describe('a session', () => {
  it('reports a message that was withdrawn in flight as withdrawn, not as expired, when its connection ends', () => {
    const world = makeWorld()
    const client = subscribed(world, 'a', persistent())
    const calls: string[] = []
    const tracker = {
      sent: () => calls.push('sent'),
      acknowledged: () => calls.push('acknowledged'),
      lost: (loss: string) => calls.push(loss),
      withdrawn: () => calls.push('withdrawn'),
    }
    const outbound = world.engine.sessions.get('a')?.outbound
    const publication = fromOutgoing({ topic: 't', payload: new Uint8Array(1) }, '', 0)
    outbound?.deliver(publication, { qos: 1, retain: false, identifiers: null, group: null, tracker })
    expect(outbound?.withdraw(tracker)).toBe(false)
    client.cut()
    expect(calls).toEqual(['sent', 'withdrawn'])
  })

  it('keeps a session for its Session Expiry Interval after the connection closes [MQTT-3.1.2-5, 3.2.2-2/3]', () => {
    const world = makeWorld()
    subscribed(world, 'a', persistent(10)).cut()
    world.advance(9_999)
    const back = world.join('a', persistent(10))
    expect(back.take()).toMatchObject([{ sessionPresent: true }])
    back.cut()
    world.advance(10_000)
    expect(world.engine.sessions.size).toBe(0)
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(world.join('a', persistent(10)).take()).toMatchObject([{ sessionPresent: false }])
  })

  it('ends a session with its connection without a Session Expiry Interval', () => {
    const world = makeWorld()
    subscribed(world, 'a', {}).cut()
    expect(world.engine.sessions.size).toBe(0)
    expect(world.events).toContainEqual({ type: 'session-ended', clientId: 'a' })
  })

  it('ends the existing session on Clean Start [MQTT-3.1.2-4]', () => {
    const world = makeWorld()
    subscribed(world, 'a', persistent()).cut()
    expect(world.join('a', { ...persistent(), clean: true }).take()).toMatchObject([
      { sessionPresent: false },
    ])
    expect(world.engine.router.subscriptionCount).toBe(0)
  })

  it('applies the Session Expiry Interval of DISCONNECT, unless it was 0 in CONNECT', () => {
    const world = makeWorld()
    const client = subscribed(world, 'a', persistent(10))
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 20 } })
    world.advance(19_999)
    expect(world.engine.sessions.size).toBe(1)
    world.advance(1)
    expect(world.engine.sessions.size).toBe(0)
    const other = subscribed(world, 'b', {})
    other.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 20 } })
    expect(other.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }])
  })

  it('keeps a 3.1.1 session until Clean Session or limits.sessionExpiryInterval', () => {
    const world = makeWorld({ limits: { sessionExpiryInterval: 60 } })
    const v311 = { protocolVersion: 4, clean: false }
    subscribed(world, 'a', v311).cut()
    world.advance(59_999)
    expect(world.join('a', v311).take()).toMatchObject([{ sessionPresent: true }])
    expect(world.join('a', { protocolVersion: 4, clean: true }).take()).toMatchObject([
      { sessionPresent: false },
    ])
  })

  it('queues QoS 1 and 2 messages in order for an offline client, and no QoS 0', () => {
    const world = makeWorld()
    const from = world.join('from')
    subscribed(world, 'a', persistent()).cut()
    for (const [index, qos] of [1, 0, 2, 1].entries())
      from.send(publish(`${index}`, { qos, messageId: 1 + index }))
    const back = world.join('a', persistent())
    const got = back.take()
    expect(got[0]).toMatchObject({ cmd: 'connack', sessionPresent: true })
    expect(payloads(got)).toEqual(['0', '2', '3'])
    expect(got.slice(1).every(({ dup }) => dup === false)).toBe(true)
  })

  it('resends unacknowledged messages in order with DUP and their Packet Identifiers [MQTT-4.4.0-1]', () => {
    const world = makeWorld()
    const from = world.join('from')
    const client = subscribed(world, 'a', persistent())
    for (const [index, qos] of [1, 2, 2, 1].entries())
      from.send(publish(`${index}`, { qos, messageId: 1 + index }))
    expect(client.take().map(({ messageId }) => messageId)).toEqual([1, 2, 3, 4])
    client.send({ cmd: 'puback', messageId: 1 })
    client.send({ cmd: 'pubrec', messageId: 2 })
    client.take()
    client.cut()
    from.send(publish('new', { messageId: 9 }))
    const again = world.join('a', persistent()).take().slice(1)
    expect(again.map(({ cmd, messageId, dup }) => [cmd, messageId, dup])).toEqual([
      ['pubrel', 2, undefined],
      ['publish', 3, true],
      ['publish', 4, true],
      ['publish', 5, false],
    ])
  })

  it('sends no more unacknowledged messages than the client’s Receive Maximum [MQTT-3.3.4-9]', () => {
    const world = makeWorld()
    const from = world.join('from')
    const client = subscribed(world, 'a', { properties: { receiveMaximum: 2 } })
    for (let index = 0; index < 5; index++)
      from.send(publish(`${index}`, { messageId: 1 + index, qos: 1 + (index % 2) }))
    expect(payloads(client.take())).toEqual(['0', '1'])
    client.send({ cmd: 'pubrec', messageId: 2 })
    expect(payloads(client.take())).toEqual([])
    client.send({ cmd: 'pubcomp', messageId: 2 })
    expect(payloads(client.take())).toEqual(['2'])
    client.send({ cmd: 'puback', messageId: 1 })
    client.send({ cmd: 'puback', messageId: 3 })
    expect(payloads(client.take())).toEqual(['3', '4'])
  })

  it('ends a delivery at a PUBACK or PUBREC of 0x80 or more [MQTT-4.4.0-2]', () => {
    const world = makeWorld()
    const from = world.join('from')
    const client = subscribed(world, 'a', {})
    from.send(publish('1', { messageId: 1 }))
    from.send(publish('2', { messageId: 2, qos: 2 }))
    client.send({ cmd: 'puback', messageId: 1, reasonCode: 0x83 })
    client.send({ cmd: 'pubrec', messageId: 2, reasonCode: 0x97 })
    expect(world.engine.sessions.get('a')?.outbound.inFlightCount).toBe(0)
    expect(world.engine.sessions.get('a')?.outbound.heldBytes).toBe(0)
  })

  it('sends the remaining Message Expiry Interval of a queued message and drops it when expired [MQTT-3.3.2-5/6]', () => {
    const world = makeWorld()
    const from = world.join('from')
    subscribed(world, 'a', persistent()).cut()
    for (const seconds of [5, 10]) {
      from.send(publish(`${seconds}`, { messageId: seconds, properties: { messageExpiryInterval: seconds } }))
    }
    world.advance(7_500)
    const got = world.join('a', persistent()).take().slice(1)
    expect(payloads(got)).toEqual(['10'])
    expect(got[0]?.properties).toEqual({ messageExpiryInterval: 3 })
    expect(world.events).toContainEqual({ type: 'dropped', clientId: 'a', topic: 't', loss: 'expired' })
  })

  describe('with a full queue', () => {
    const fill = (world: World, count: number): AnyPacket[] => {
      const from = world.join('from')
      from.take()
      for (let index = 0; index < count; index++) from.send(publish(`${index}`, { messageId: 1 + index }))
      return from.take()
    }

    it('drops expired messages of a full queue before new ones', () => {
      const world = makeWorld({ limits: { queueMessages: 2 } })
      subscribed(world, 'a', persistent()).cut()
      const from = world.join('from')
      const brief = { properties: { messageExpiryInterval: 5 } }
      for (const payload of ['brief', 'brief too']) from.send(publish(payload, brief))
      world.advance(5_000)
      from.take()
      for (const payload of ['1', '2', '3']) from.send(publish(payload))
      expect(from.take().map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0x97])
      expect(payloads(world.join('a', persistent()).take())).toEqual(['1', '2'])
      const lost = world.events.flatMap((event) => (event.type === 'dropped' ? [event.loss] : []))
      expect(lost).toEqual(['expired', 'expired', 'queue-full'])
    })

    it('drops a new message and sends 0x97 to its publisher when the queue is full', () => {
      const world = makeWorld({ limits: { queueMessages: 2 } })
      subscribed(world, 'a', persistent()).cut()
      expect(fill(world, 3).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0x97])
      expect(payloads(world.join('a', persistent()).take())).toEqual(['0', '1'])
      expect(world.events).toContainEqual({
        type: 'dropped',
        clientId: 'a',
        topic: 't',
        loss: 'queue-full',
        limit: 'queueMessages',
      })
    })

    it('drops the oldest message of a full queue with drop-oldest', () => {
      const world = makeWorld({ limits: { queueMessages: 2 }, queuePolicy: 'drop-oldest' })
      subscribed(world, 'a', persistent()).cut()
      expect(fill(world, 3).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0])
      expect(payloads(world.join('a', persistent()).take())).toEqual(['1', '2'])
    })

    it('disconnects a connected client with a full queue with disconnect', () => {
      const world = makeWorld({ limits: { queueMessages: 2 }, queuePolicy: 'disconnect' })
      const client = subscribed(world, 'a', persistent())
      fill(world, 3)
      expect(client.take().at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x97 })
      expect(world.engine.sessions.get('a')?.outbound.inFlightCount).toBe(2)
    })

    it('drops a new message beyond limits.queueBytes', () => {
      const world = makeWorld({ limits: { queueBytes: 1_000 } })
      subscribed(world, 'a', persistent()).cut()
      const from = world.join('from')
      from.take()
      for (const messageId of [1, 2]) from.send(publish('x'.repeat(600), { messageId }))
      expect(from.take().map(({ reasonCode }) => reasonCode)).toEqual([0, 0x97])
    })
  })

  it('queues QoS 1 and drops QoS 0 messages for a client that does not read', () => {
    const world = makeWorld({ limits: { unreadBytes: 1_000 } })
    const from = world.join('from')
    const client = subscribed(world, 'a', {})
    const neighbour = subscribed(world, 'b', {})
    client.channel.isBlocked = true
    for (let index = 0; index < 40; index++)
      from.send(publish(`${index}`.padEnd(100), { messageId: 1 + index }))
    for (let index = 0; index < 40; index++) from.send(publish(`${index}`.padEnd(100), { qos: 0 }))
    expect(client.channel.pending).toBeLessThan(2_000)
    expect(payloads(neighbour.take())).toHaveLength(80)
    client.channel.unblock()
    world.advance()
    expect(payloads(client.take())).toHaveLength(40)
    expect(world.events.filter(({ type }) => type === 'dropped')).toHaveLength(40)
  })

  it('limits messages in flight by limits.inFlightBytes', () => {
    const world = makeWorld({ limits: { inFlightBytes: 1_000 } })
    const from = world.join('from')
    const client = subscribed(world, 'a', {})
    for (let index = 0; index < 10; index++) from.send(publish('x'.repeat(600), { messageId: 1 + index }))
    expect(payloads(client.take())).toHaveLength(2)
    client.send({ cmd: 'puback', messageId: 1 })
    expect(payloads(client.take())).toHaveLength(1)
  })
})
