import { describe, expect, it } from 'vitest'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const lasting = (seconds: number): AnyPacket => ({
  clean: false,
  properties: { sessionExpiryInterval: seconds },
})

function withWill(world: World, delay: number, connect: AnyPacket = {}): Client {
  const properties = { contentType: 'x', willDelayInterval: delay, messageExpiryInterval: 60 }
  return world.join('a', {
    will: { topic: 'will/a', payload: 'gone', qos: 1, retain: false, properties },
    ...connect,
  })
}

function watcher(world: World): Client {
  const client = world.join('watcher')
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'will/#', qos: 1 }] })
  client.take()
  return client
}

describe('a will', () => {
  it('is published when the connection is lost, without its delay property [MQTT-3.1.2-8]', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 0).cut()
    expect(client.take()).toMatchObject([
      {
        topic: 'will/a',
        payload: Buffer.from('gone'),
        qos: 1,
        properties: { contentType: 'x', messageExpiryInterval: 60 },
      },
    ])
    expect(client.bytes().includes(Buffer.from([0x18, 0, 0, 0, 0]))).toBe(false)
  })

  it('is forgotten at a goodbye with 0x00, and published at one with 0x04 [MQTT-3.14.4-3]', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 0).send({ cmd: 'disconnect', reasonCode: 0 })
    expect(client.take()).toEqual([])
    withWill(world, 0).send({ cmd: 'disconnect', reasonCode: 4 })
    expect(client.take()).toHaveLength(1)
    withWill(world, 0).send({ cmd: 'disconnect', reasonCode: 0x80 })
    expect(client.take()).toHaveLength(1)
  })

  it('waits for its delay, and is dropped when the client comes back in time [MQTT-3.1.3-9]', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 5, lasting5()).cut()
    world.advance(4_999)
    expect(client.take()).toEqual([])
    const back = world.join('a', lasting(100))
    world.advance(10_000)
    expect(client.take()).toEqual([])
    back.cut()
    withWill(world, 5, lasting5()).cut()
    world.advance(5_000)
    expect(client.take()).toHaveLength(1)
  })

  const lasting5 = (): AnyPacket => lasting(100)

  it('goes out at the end of the session when that comes first', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 50, lasting(5)).cut()
    world.advance(5_000)
    expect(client.take()).toHaveLength(1)
    withWill(world, 50, lasting(100)).cut()
    world.join('a', { clean: true })
    expect(client.take()).toHaveLength(1)
  })

  it('goes out when another connection takes over, and when the protocol is broken', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 0)
    world.join('a')
    expect(client.take()).toHaveLength(1)
    withWill(world, 0).send(Buffer.from([0xf0, 0x00]))
    expect(client.take()).toHaveLength(1)
  })

  it('may be retained', () => {
    const world = makeWorld()
    world.join('a', { will: { topic: 'will/a', payload: 'gone', qos: 0, retain: true } }).cut()
    const client = world.join('late')
    client.take()
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'will/a', qos: 1 }] })
    expect(client.take()[1]).toMatchObject({ retain: true, payload: Buffer.from('gone') })
  })

  it('is asked about like any message', () => {
    const requested: string[] = []
    const world = makeWorld({
      authority: {
        authorizePublish: ({ isWill, message }) => {
          requested.push(`${isWill} ${message.topic}`)
          return { refuse: 0x87 }
        },
      },
    })
    const client = watcher(world)
    withWill(world, 0).cut()
    expect(requested).toEqual(['true will/a'])
    expect(client.take()).toEqual([])
  })
})
