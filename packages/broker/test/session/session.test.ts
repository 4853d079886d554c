import { describe, expect, it } from 'vitest'
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
const lasting = (seconds = 100): AnyPacket => ({
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
  it('outlives its connection for as long as agreed [MQTT-3.1.2-5, 3.2.2-2/3]', () => {
    const world = makeWorld()
    subscribed(world, 'a', lasting(10)).cut()
    world.advance(9_999)
    const back = world.join('a', lasting(10))
    expect(back.take()).toMatchObject([{ sessionPresent: true }])
    back.cut()
    world.advance(10_000)
    expect(world.engine.sessions.size).toBe(0)
    expect(world.engine.router.subscriptionCount).toBe(0)
    expect(world.join('a', lasting(10)).take()).toMatchObject([{ sessionPresent: false }])
  })

  it('ends with the connection when nothing else was agreed', () => {
    const world = makeWorld()
    subscribed(world, 'a', {}).cut()
    expect(world.engine.sessions.size).toBe(0)
    expect(world.events).toContainEqual({ type: 'session-ended', clientId: 'a' })
  })

  it('is begun anew by Clean Start [MQTT-3.1.2-4]', () => {
    const world = makeWorld()
    subscribed(world, 'a', lasting()).cut()
    expect(world.join('a', { ...lasting(), clean: true }).take()).toMatchObject([{ sessionPresent: false }])
    expect(world.engine.router.subscriptionCount).toBe(0)
  })

  it('lasts as long as DISCONNECT says, unless it was not to last at all', () => {
    const world = makeWorld()
    const client = subscribed(world, 'a', lasting(10))
    client.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 20 } })
    world.advance(19_999)
    expect(world.engine.sessions.size).toBe(1)
    world.advance(1)
    expect(world.engine.sessions.size).toBe(0)
    const other = subscribed(world, 'b', {})
    other.send({ cmd: 'disconnect', reasonCode: 0, properties: { sessionExpiryInterval: 20 } })
    expect(other.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }])
  })

  it('of 3.1.1 lasts until a clean session, within the broker’s own limit', () => {
    const world = makeWorld({ limits: { sessionExpiryInterval: 60 } })
    const old = { protocolVersion: 4, clean: false }
    subscribed(world, 'a', old).cut()
    world.advance(59_999)
    expect(world.join('a', old).take()).toMatchObject([{ sessionPresent: true }])
    expect(world.join('a', { protocolVersion: 4, clean: true }).take()).toMatchObject([
      { sessionPresent: false },
    ])
  })

  it('keeps QoS 1 and 2 for a client that is away, in order, and no QoS 0', () => {
    const world = makeWorld()
    const from = world.join('from')
    subscribed(world, 'a', lasting()).cut()
    for (const [index, qos] of [1, 0, 2, 1].entries())
      from.send(publish(`${index}`, { qos, messageId: 1 + index }))
    const back = world.join('a', lasting())
    const got = back.take()
    expect(got[0]).toMatchObject({ cmd: 'connack', sessionPresent: true })
    expect(payloads(got)).toEqual(['0', '2', '3'])
    expect(got.slice(1).every(({ dup }) => dup === false)).toBe(true)
  })

  it('sends again what was not acknowledged, as duplicates, in order, under the same numbers [MQTT-4.4.0-1]', () => {
    const world = makeWorld()
    const from = world.join('from')
    const client = subscribed(world, 'a', lasting())
    for (const [index, qos] of [1, 2, 2, 1].entries())
      from.send(publish(`${index}`, { qos, messageId: 1 + index }))
    expect(client.take().map(({ messageId }) => messageId)).toEqual([1, 2, 3, 4])
    client.send({ cmd: 'puback', messageId: 1 })
    client.send({ cmd: 'pubrec', messageId: 2 })
    client.take()
    client.cut()
    from.send(publish('new', { messageId: 9 }))
    const again = world.join('a', lasting()).take().slice(1)
    expect(again.map(({ cmd, messageId, dup }) => [cmd, messageId, dup])).toEqual([
      ['pubrel', 2, undefined],
      ['publish', 3, true],
      ['publish', 4, true],
      ['publish', 5, false],
    ])
  })

  it('has no more unacknowledged than the client takes [MQTT-3.3.4-9]', () => {
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

  it('takes a refusal for an acknowledgement [MQTT-4.4.0-2]', () => {
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

  it('counts the expiry of a message down, and drops it at its end [MQTT-3.3.2-5/6]', () => {
    const world = makeWorld()
    const from = world.join('from')
    subscribed(world, 'a', lasting()).cut()
    for (const seconds of [5, 10]) {
      from.send(publish(`${seconds}`, { messageId: seconds, properties: { messageExpiryInterval: seconds } }))
    }
    world.advance(7_500)
    const got = world.join('a', lasting()).take().slice(1)
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

    it('lets what has expired in it give way', () => {
      const world = makeWorld({ limits: { queueMessages: 2 } })
      subscribed(world, 'a', lasting()).cut()
      const from = world.join('from')
      const brief = { properties: { messageExpiryInterval: 5 } }
      for (const payload of ['brief', 'brief too']) from.send(publish(payload, brief))
      world.advance(5_000)
      from.take()
      for (const payload of ['1', '2', '3']) from.send(publish(payload))
      expect(from.take().map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0x97])
      expect(payloads(world.join('a', lasting()).take())).toEqual(['1', '2'])
      const lost = world.events.flatMap((event) => (event.type === 'dropped' ? [event.loss] : []))
      expect(lost).toEqual(['expired', 'expired', 'queue-full'])
    })

    it('drops what is new, and says so to its publisher', () => {
      const world = makeWorld({ limits: { queueMessages: 2 } })
      subscribed(world, 'a', lasting()).cut()
      expect(fill(world, 3).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0x97])
      expect(payloads(world.join('a', lasting()).take())).toEqual(['0', '1'])
      expect(world.events).toContainEqual({ type: 'dropped', clientId: 'a', topic: 't', loss: 'queue-full' })
    })

    it('drops what is oldest, where it is told to', () => {
      const world = makeWorld({ limits: { queueMessages: 2 }, queuePolicy: 'drop-oldest' })
      subscribed(world, 'a', lasting()).cut()
      expect(fill(world, 3).map(({ reasonCode }) => reasonCode)).toEqual([0, 0, 0])
      expect(payloads(world.join('a', lasting()).take())).toEqual(['1', '2'])
    })

    it('disconnects the client, where it is told to', () => {
      const world = makeWorld({ limits: { queueMessages: 2 }, queuePolicy: 'disconnect' })
      const client = subscribed(world, 'a', lasting())
      fill(world, 3)
      expect(client.take().at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x97 })
      expect(world.engine.sessions.get('a')?.outbound.inFlightCount).toBe(2)
    })

    it('counts bytes, too', () => {
      const world = makeWorld({ limits: { queueBytes: 1_000 } })
      subscribed(world, 'a', lasting()).cut()
      const from = world.join('from')
      from.take()
      for (const messageId of [1, 2]) from.send(publish('x'.repeat(600), { messageId }))
      expect(from.take().map(({ reasonCode }) => reasonCode)).toEqual([0, 0x97])
    })
  })

  it('of a client that does not read waits with QoS 1 and drops QoS 0', () => {
    const world = makeWorld({ limits: { unreadBytes: 1_000 } })
    const from = world.join('from')
    const client = subscribed(world, 'a', {})
    const neighbour = subscribed(world, 'b', {})
    client.channel.isStuck = true
    for (let index = 0; index < 40; index++)
      from.send(publish(`${index}`.padEnd(100), { messageId: 1 + index }))
    for (let index = 0; index < 40; index++) from.send(publish(`${index}`.padEnd(100), { qos: 0 }))
    expect(client.channel.pending).toBeLessThan(2_000)
    expect(payloads(neighbour.take())).toHaveLength(80)
    client.channel.unstick()
    world.advance()
    expect(payloads(client.take())).toHaveLength(40)
    expect(world.events.filter(({ type }) => type === 'dropped')).toHaveLength(40)
  })

  it('bounds what is in flight by bytes, too', () => {
    const world = makeWorld({ limits: { inFlightBytes: 1_000 } })
    const from = world.join('from')
    const client = subscribed(world, 'a', {})
    for (let index = 0; index < 10; index++) from.send(publish('x'.repeat(600), { messageId: 1 + index }))
    expect(payloads(client.take())).toHaveLength(2)
    client.send({ cmd: 'puback', messageId: 1 })
    expect(payloads(client.take())).toHaveLength(1)
  })
})
