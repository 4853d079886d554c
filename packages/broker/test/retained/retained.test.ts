import { generate } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const retained = (topic: string, payload: string, more: AnyPacket = {}): AnyPacket => ({
  cmd: 'publish',
  topic,
  payload,
  qos: 0,
  retain: true,
  ...more,
})

function subscribe(client: Client, filter: string, rh = 0): string[] {
  client.take()
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: filter, qos: 1, rh }] })
  const [suback, ...messages] = client.take()
  expect(suback?.cmd).toBe('suback')
  expect(messages.every(({ retain }) => retain === true)).toBe(true)
  return messages.map(({ topic, payload }) => `${topic}=${String(payload)}`).sort()
}

describe('retained messages', () => {
  it('sends the last retained message of each topic and none after an empty one [MQTT-3.3.1-5/6]', () => {
    const world = makeWorld()
    const from = world.join('from')
    for (const [topic, payload] of [
      ['a/1', 'old'],
      ['a/1', 'new'],
      ['a/2', 'gone'],
      ['a/2', ''],
      ['b', 'x'],
      ['$hidden', 'y'],
    ] as const) {
      from.send(retained(topic, payload))
    }
    const client = world.join('a')
    expect(subscribe(client, 'a/+')).toEqual(['a/1=new'])
    expect(subscribe(client, '#')).toEqual(['a/1=new', 'b=x'])
    expect(subscribe(client, '$hidden')).toEqual(['$hidden=y'])
    expect(world.engine.retained.count).toBe(3)
  })

  it('sends retained messages as Retain Handling 0, 1 and 2 require [MQTT-3.3.1-9/10/11]', () => {
    const world = makeWorld()
    world.join('from').send(retained('t', 'x'))
    const client = world.join('a')
    expect(subscribe(client, 't', 1)).toEqual(['t=x'])
    expect(subscribe(client, 't', 1)).toEqual([])
    expect(subscribe(client, 't', 0)).toEqual(['t=x'])
    expect(subscribe(client, 't', 2)).toEqual([])
  })

  it('sends the remaining Message Expiry Interval of a retained message and removes it when expired', () => {
    const world = makeWorld()
    world.join('from').send(retained('t', 'x', { properties: { messageExpiryInterval: 10 } }))
    world.advance(4_000)
    const client = world.join('a')
    client.take()
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] })
    expect(client.take()[1]?.properties).toEqual({ messageExpiryInterval: 6 })
    world.advance(6_000)
    expect(subscribe(client, 't')).toEqual([])
    expect([world.engine.retained.count, world.engine.retained.bytes]).toEqual([0, 0])
  })

  it('answers a retained message beyond limits.retainedMessages with 0x97', () => {
    const world = makeWorld({ limits: { retainedMessages: 1 } })
    const client = world.join('a')
    client.take()
    for (const [index, topic] of ['t', 'u', 't'].entries()) {
      client.send(retained(topic, 'x', { qos: 1, messageId: 1 + index }))
    }
    expect(client.take().map(({ reasonCode }) => reasonCode)).toEqual([0x10, 0x97, 0x10])
  })

  it('sends all current retained messages as fast as the client reads', () => {
    const world = makeWorld({ limits: { unreadBytes: 500 } })
    const from = world.join('from')
    for (let index = 0; index < 100; index++) from.send(retained(`t/${index}`, 'x'.repeat(1_000)))
    const client = world.join('a')
    client.take()
    client.channel.isBlocked = true
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't/+', qos: 0 }] })
    expect(client.channel.pending).toBeLessThan(100_000)
    from.send(retained('t/99', ''))
    let rounds = 0
    for (; client.channel.pending > 0 && rounds < 100; rounds++) {
      client.channel.unblock()
      client.channel.isBlocked = true
      world.advance()
    }
    const messages = client.take().filter(({ cmd }) => cmd === 'publish')
    expect(new Set(messages.map(({ topic }) => topic)).size).toBe(99)
  })

  it('frees the memory of an expired retained message without a SUBSCRIBE', () => {
    const world = makeWorld({ limits: { retainedMessages: 1 } })
    const from = world.join('from')
    from.send(retained('t', 'x', { properties: { messageExpiryInterval: 10 } }))
    from.send(retained('t', 'y', { properties: { messageExpiryInterval: 20 } }))
    from.take()
    world.advance(19_000)
    expect(world.engine.retained.count).toBe(1)
    world.advance(1_000)
    expect([world.engine.retained.count, world.engine.retained.bytes, world.engine.deadlines.size]).toEqual([
      0, 0, 0,
    ])
    from.send(retained('other', 'z', { qos: 1, messageId: 1 }))
    expect(from.take()).toMatchObject([{ cmd: 'puback', reasonCode: 0x10 }])
  })

  it('sends retained messages once for repeated SUBSCRIBEs of a client that acknowledges none', () => {
    const world = makeWorld()
    const from = world.join('from')
    for (let index = 0; index < 10; index++) from.send(retained(`t/${index}`, 'x', { qos: 1, messageId: 1 }))
    const client = world.join('a', { properties: { receiveMaximum: 1 } })
    client.take()
    for (let round = 0; round < 50; round++)
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't/#', qos: 1 }] })
    from.send(retained('t/later', 'live', { qos: 0 }))
    const seen: string[] = []
    for (let got = client.take(); got.length > 0; got = client.take()) {
      for (const { cmd, topic = '', messageId = 0, retain } of got) {
        if (cmd !== 'publish') continue
        seen.push(retain === true ? topic : `${topic} live`)
        if (messageId > 0) client.send({ cmd: 'puback', messageId })
      }
    }
    const once = Array.from({ length: 10 }, (_, index) => `t/${index}`)
    // The first SUBSCRIBE is being served; all later ones are served together.
    expect(seen.sort()).toEqual([...once, ...once, 't/later live'].sort())
  })

  it('sends retained messages in the order of publishing', () => {
    const world = makeWorld()
    const from = world.join('from')
    for (const topic of ['t/2', 't/1', 't/3', 't/2']) from.send(retained(topic, 'x'))
    const client = world.join('a')
    client.take()
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't/#', qos: 0 }] })
    const [, ...messages] = client.take()
    expect(messages.map(({ topic }) => topic)).toEqual(['t/1', 't/3', 't/2'])
  })

  it('stops sending retained messages after UNSUBSCRIBE [MQTT-3.10.4-2]', () => {
    const world = makeWorld()
    const from = world.join('from')
    for (let index = 0; index < 10; index++) from.send(retained(`t/${index}`, 'x', { qos: 1, messageId: 1 }))
    const client = world.join('a', { properties: { receiveMaximum: 1 } })
    for (const topic of ['t/#', 't/+'])
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] })
    const sent = client.take().find(({ cmd }) => cmd === 'publish')
    client.send({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: ['t/#', 't/+'] })
    client.send({ cmd: 'puback', messageId: sent?.messageId ?? 0 })
    expect(client.take().map(({ cmd }) => cmd)).toEqual(['unsuback'])
  })

  describe('of many topics', () => {
    const count = 5_000
    const manyRetained = (): World => {
      const world = makeWorld()
      for (let index = 0; index < count; index++)
        world.broker
          .publish$({ topic: `t/${index}/x`, payload: Buffer.of(1), retain: true, qos: 0 })
          .subscribe()
      return world
    }
    /** Feeds a SUBSCRIBE without advancing the time to the end of the turn. */
    const feedSubscribe = (client: Client, filters: readonly string[]): void => {
      const subscriptions = filters.map((topic) => ({ topic, qos: 0 as const }))
      client.channel.feed(generate({ cmd: 'subscribe', messageId: 1, subscriptions }, { protocolVersion: 5 }))
    }

    it('are sent over several turns, so that other clients are served in between', () => {
      const world = manyRetained()
      const client = world.join('a')
      client.take()
      feedSubscribe(client, ['#', 't/#', '+/+/x'])
      expect(world.engine.counters.messagesOut).toBeLessThanOrEqual(1_000)
      expect(client.take().filter(({ cmd }) => cmd === 'publish')).toHaveLength(3 * count)
    })

    it('are searched over several turns when no topic matches', () => {
      const world = manyRetained()
      let steps = 0
      const { retained: messages } = world.engine
      const search = messages.search.bind(messages)
      messages.search = (filter) => {
        const found = search(filter)
        const next = (): ReturnType<typeof found.next> => (steps++, found.next())
        return {
          next,
          get isComplete() {
            return found.isComplete
          },
        }
      }
      const client = world.join('a')
      feedSubscribe(client, ['+/+/y', '+/+/z'])
      expect(steps).toBeLessThanOrEqual(1_000)
      world.advance()
      expect(steps).toBeGreaterThan(2 * count)
    })

    it('are sent to two clients in turns', () => {
      const world = manyRetained()
      const clients = [world.join('a'), world.join('b')]
      for (const client of clients) feedSubscribe(client, ['#'])
      const order: string[] = []
      for (const [index, client] of clients.entries()) {
        const write = client.channel.write.bind(client.channel)
        client.channel.write = (chunks) => {
          order.push(index === 0 ? 'a' : 'b')
          write(chunks)
        }
      }
      world.advance()
      expect(order.indexOf('b')).toBeLessThan(order.lastIndexOf('a'))
    })

    it('are sent once each while others are published and removed', () => {
      const world = manyRetained()
      const client = world.join('a')
      client.take()
      feedSubscribe(client, ['t/+/x'])
      for (let index = 0; index < count; index += 2)
        world.broker
          .publish$({ topic: `t/${index}/x`, payload: Buffer.alloc(0), retain: true, qos: 0 })
          .subscribe()
      const seen = client.take().filter(({ cmd, payload }) => cmd === 'publish' && payload?.length === 1)
      const topics = seen.map(({ topic }) => topic)
      expect(new Set(topics).size).toBe(topics.length)
      for (let index = 1; index < count; index += 2) expect(topics).toContain(`t/${index}/x`)
    })
  })
})
