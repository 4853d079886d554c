import { describe, expect, it } from 'vitest'
import { makeWorld } from '../world.js'
import type { AnyPacket, Client, World } from '../world.js'

const persistent = (seconds: number): AnyPacket => ({
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
  it('publishes the will without its Will Delay Interval when the connection is lost [MQTT-3.1.2-8]', () => {
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

  it('publishes no will after DISCONNECT with 0x00, and one after 0x04 or an error code [MQTT-3.14.4-3]', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 0).send({ cmd: 'disconnect', reasonCode: 0 })
    expect(client.take()).toEqual([])
    withWill(world, 0).send({ cmd: 'disconnect', reasonCode: 4 })
    expect(client.take()).toHaveLength(1)
    withWill(world, 0).send({ cmd: 'disconnect', reasonCode: 0x80 })
    expect(client.take()).toHaveLength(1)
  })

  it('publishes the will after its Will Delay Interval, unless the client reconnects before [MQTT-3.1.3-9]', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 5, persistent100()).cut()
    world.advance(4_999)
    expect(client.take()).toEqual([])
    const back = world.join('a', persistent(100))
    world.advance(10_000)
    expect(client.take()).toEqual([])
    back.cut()
    withWill(world, 5, persistent100()).cut()
    world.advance(5_000)
    expect(client.take()).toHaveLength(1)
  })

  const persistent100 = (): AnyPacket => persistent(100)

  it('publishes the will when the session ends within its Will Delay Interval', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 50, persistent(5)).cut()
    world.advance(5_000)
    expect(client.take()).toHaveLength(1)
    withWill(world, 50, persistent(100)).cut()
    world.join('a', { clean: true })
    expect(client.take()).toHaveLength(1)
  })

  it('publishes the will when another connection takes over and after a protocol error', () => {
    const world = makeWorld()
    const client = watcher(world)
    withWill(world, 0)
    world.join('a')
    expect(client.take()).toHaveLength(1)
    withWill(world, 0).send(Buffer.from([0xf0, 0x00]))
    expect(client.take()).toHaveLength(1)
  })

  it('retains a will with Will Retain', () => {
    const world = makeWorld()
    world.join('a', { will: { topic: 'will/a', payload: 'gone', qos: 0, retain: true } }).cut()
    const client = world.join('late')
    client.take()
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'will/a', qos: 1 }] })
    expect(client.take()[1]).toMatchObject({ retain: true, payload: Buffer.from('gone') })
  })

  it('calls authorizePublish for a will', () => {
    const seenWills: string[] = []
    const world = makeWorld({
      authority: {
        authorizePublish: ({ isWill, message }) => {
          seenWills.push(`${isWill} ${message.topic}`)
          return { refuse: 0x87 }
        },
      },
    })
    const client = watcher(world)
    withWill(world, 0).cut()
    expect(seenWills).toEqual(['true will/a'])
    expect(client.take()).toEqual([])
  })
})
