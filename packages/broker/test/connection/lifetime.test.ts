import { describe, expect, it } from 'vitest'
import type { BrokerOptions } from '../../src/options.js'
import { hex, makeWorld } from '../world.js'
import type { AnyPacket } from '../world.js'

describe('keep alive', () => {
  it('disconnects a client silent for 1.5 times its Keep Alive [MQTT-3.1.2-22]', () => {
    const world = makeWorld()
    const client = world.join('a', { keepalive: 10 })
    client.take()
    world.advance(14_000)
    client.send({ cmd: 'pingreq' })
    expect(client.take()).toEqual([{ cmd: 'pingresp' }])
    world.advance(14_999)
    expect(client.channel.isEnded).toBe(false)
    world.advance(1)
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x8d }])
    expect(client.channel.isEnded).toBe(true)
    expect(world.events.at(-2)).toMatchObject({ type: 'disconnected', by: 'broker', reasonCode: 0x8d })
  })

  it('disconnects a client that completes no packet within its Keep Alive, whatever bytes it sends', () => {
    const world = makeWorld()
    const client = world.join('a', { keepalive: 10 })
    client.send(hex('30 70'))
    for (let index = 0; index < 20; index++) {
      world.advance(1_000)
      client.send(hex('00'))
    }
    expect(client.channel.isEnded).toBe(true)
  })

  it('never disconnects a silent client with a Keep Alive of 0', () => {
    const world = makeWorld()
    const client = world.join('a', { keepalive: 0 })
    world.advance(1_000_000)
    expect(client.channel.isEnded).toBe(false)
  })

  it('applies Server Keep Alive to a client with a Keep Alive of 0', () => {
    const world = makeWorld({ limits: { keepAlive: 10 } })
    const client = world.join('a', { keepalive: 0 })
    expect(client.first().properties?.serverKeepAlive).toBe(10)
    world.advance(15_000)
    expect(client.channel.isEnded).toBe(true)
  })

  it('closes without DISCONNECT when a 3.1.1 client exceeds its Keep Alive', () => {
    const world = makeWorld()
    const client = world.join('a', { protocolVersion: 4, keepalive: 1 })
    client.take()
    world.advance(1_500)
    expect(client.take()).toEqual([])
    expect(client.channel.isEnded).toBe(true)
  })
})

describe('DISCONNECT', () => {
  it('ignores packets after DISCONNECT and closes the connection [MQTT-3.14.4-1/2]', () => {
    const world = makeWorld()
    const client = world.join('a')
    client.take()
    client.send(Buffer.concat([hex('e0 00'), hex('c0 00')]))
    expect(client.take()).toEqual([])
    expect(client.channel.isEnded).toBe(true)
    expect(world.events).toContainEqual(
      expect.objectContaining({
        type: 'disconnected',
        by: 'client',
        reasonCode: 0,
        reason: 'success (0x00)',
      }),
    )
    client.send(hex('c0 00'))
    expect(client.take()).toEqual([])
  })

  it.each([
    ['a reason code that only brokers send', 'e0 01 8e'],
    ['a property of another packet', 'e0 06 00 04 15 0001 61'],
    ['trailing bytes', 'e0 03 00 00 00'],
  ])('rejects a DISCONNECT with %s as malformed', (_, digits) => {
    const client = makeWorld().join('a')
    client.take()
    client.send(hex(digits))
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x81 }])
  })
})

describe('a connection', () => {
  it('reads packets from chunks of any size', () => {
    const world = makeWorld()
    const bytes = Buffer.concat([
      hex('10 0e 00044d515454 05 02 0000 00 0001 61'),
      hex('82 07 0001 00 0001 74 02'),
      hex('30 04 0001 74 00'),
      hex('c0 00'),
    ])
    for (const size of [1, 2, 3, 5, 7, 100]) {
      const client = world.dial()
      for (let at = 0; at < bytes.length; at += size) client.send(bytes.subarray(at, at + size))
      expect(client.take().map(({ cmd }) => cmd)).toEqual(['connack', 'suback', 'publish', 'pingresp'])
    }
  })

  it('sends the violated rule to a client, serves other clients and releases the connection', () => {
    const world = makeWorld()
    const other = world.join('other')
    other.take()
    for (let index = 0; index < 100; index++) {
      const client = world.join(`a${index}`)
      client.send(hex('00 00'))
      expect(client.take().at(-1)?.properties?.reasonString).toMatch('MQTT-2.1.3-1')
      world.advance(2_000)
    }
    other.send({ cmd: 'pingreq' })
    expect(other.take()).toEqual([{ cmd: 'pingresp' }])
    expect([world.engine.connections.size, world.engine.sessions.size, world.engine.deadlines.size]).toEqual([
      1, 1, 0,
    ])
  })

  it('pauses reading from a client that does not read what it is sent', () => {
    const world = makeWorld({ limits: { unreadBytes: 100 } })
    const client = world.join('a', { keepalive: 10 })
    client.take()
    client.channel.isBlocked = true
    for (let index = 0; index < 100; index++) client.send({ cmd: 'pingreq' })
    expect(client.channel.isPaused).toBe(true)
    expect(client.channel.pending).toBeLessThan(300)
    world.advance(20_000)
    expect(client.channel.isEnded).toBe(false)
    client.channel.unblock()
    world.advance()
    expect(client.channel.isPaused).toBe(false)
    expect(client.take()).toHaveLength(100)
  })

  it('sends QoS 0 messages again to a client that has read half of limits.unreadBytes', () => {
    const world = makeWorld({ limits: { unreadBytes: 1_000 } })
    const client = world.join('a')
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] })
    client.take()
    client.channel.isBlocked = true
    const publishOne = (): number => {
      world.join('from').send({ cmd: 'publish', topic: 't', payload: Buffer.alloc(600), qos: 0 })
      return client.take().length
    }
    expect([publishOne(), publishOne(), publishOne()]).toEqual([1, 1, 0])
    client.channel.pending = 600
    expect(publishOne()).toBe(0)
    client.channel.pending = 400
    expect(publishOne()).toBe(1)
  })

  it('closes the connection of a client that stopped reading after its Keep Alive', () => {
    const world = makeWorld({ limits: { unreadBytes: 100 } })
    const client = world.join('a', { keepalive: 10 })
    client.channel.isBlocked = true
    for (let index = 0; index < 100; index++) client.send({ cmd: 'pingreq' })
    world.advance(30_000)
    expect(client.channel.isEnded).toBe(true)
    world.advance(2_000)
    expect(client.channel.isClosed).toBe(true)
  })

  it('stops reading from a client whose packets cause many deliveries until the next turn', () => {
    const world = makeWorld()
    const subscribe = { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 0 }] }
    for (let index = 0; index < 100; index++) world.join(`a${index}`).send(subscribe)
    const from = world.join('from')
    const before = world.engine.counters.messagesOut
    from.channel.feed(Buffer.concat(Array<Buffer>(1_000).fill(hex('30 04 0001 74 00'))))
    expect(world.engine.counters.messagesOut - before).toBeLessThan(11_000)
    expect(from.channel.isPaused).toBe(true)
    world.advance()
    expect(world.engine.counters.messagesOut - before).toBe(100_000)
    expect(from.channel.isPaused).toBe(false)
  })

  it('writes all packets of a turn at once', () => {
    const client = makeWorld().join('a')
    client.take()
    const before = client.channel.written.length
    client.send(Buffer.concat(Array<Buffer>(50).fill(hex('c0 00'))))
    expect(client.channel.written.length).toBe(before + 1)
  })
})

describe('enhanced authentication', () => {
  const auth = (reasonCode: number, data: string, authenticationMethod = 'X'): AnyPacket => ({
    cmd: 'auth',
    reasonCode,
    properties: { authenticationMethod, authenticationData: Buffer.from(data) },
  })
  const connect = { properties: { authenticationMethod: 'X', authenticationData: Buffer.from('hello') } }
  const options: BrokerOptions = {
    authenticationMethods: ['X'],
    authority: {
      authenticate: ({ authenticationData, step, context, isReAuthentication }) => {
        const received = Buffer.from(authenticationData ?? '').toString()
        if (step === 0) return { challenge: Buffer.from(`${received}?`), context: `${isReAuthentication}` }
        if (received === 'again')
          return { challenge: Buffer.from('once more?'), context: `${String(context)}+` }
        return received === 'right'
          ? {
              admit: true as const,
              authenticationData: Buffer.from(`done ${String(context)}`),
              principal: 'p',
            }
          : { admit: false as const, reasonCode: 0x87 }
      },
    },
  }
  const dataOf = (packet: AnyPacket): string => String(packet.properties?.authenticationData)

  it('exchanges AUTH challenges until CONNACK [MQTT-4.12.0-2/3]', () => {
    const world = makeWorld(options)
    const client = world.join('a', connect)
    expect(client.take()).toMatchObject([{ cmd: 'auth', reasonCode: 0x18 }])
    client.send(auth(0x18, 'again'))
    expect(client.take().map(dataOf)).toEqual(['once more?'])
    client.send(auth(0x18, 'right'))
    const connack = client.first()
    expect(connack).toMatchObject({
      cmd: 'connack',
      reasonCode: 0,
      properties: { authenticationMethod: 'X' },
    })
    expect(dataOf(connack)).toBe('done false+')
  })

  it('refuses wrong authentication data, another method and other packets during authentication [MQTT-4.12.0-4/5]', () => {
    const world = makeWorld(options)
    for (const [response, reasonCode] of [
      [auth(0x18, 'wrong'), 0x87],
      [auth(0x18, 'right', 'Y'), 0x82],
      [auth(0x19, 'right'), 0x82],
      [{ cmd: 'pingreq' }, 0x82],
    ] as const) {
      const client = world.join('a', connect)
      client.take()
      client.send(response)
      expect(client.take()).toMatchObject([{ cmd: 'connack', reasonCode }])
    }
  })

  it('re-authenticates a connected client and disconnects it on failure', () => {
    const world = makeWorld(options)
    const client = world.join('a', connect)
    client.send(auth(0x18, 'right'))
    client.take()
    client.send(auth(0x19, 'me'))
    expect(client.take().map(dataOf)).toEqual(['me?'])
    client.send({ cmd: 'pingreq' })
    client.send(auth(0x18, 'right'))
    const [pingresp, done] = client.take()
    expect(pingresp).toEqual({ cmd: 'pingresp' })
    expect(done).toMatchObject({ cmd: 'auth', reasonCode: 0 })
    client.send(auth(0x19, 'me'))
    client.send(auth(0x18, 'wrong'))
    expect(client.take().at(-1)).toMatchObject({ cmd: 'disconnect', reasonCode: 0x87 })
  })

  it('closes a connection without an AUTH response after connectTimeout', () => {
    const world = makeWorld(options)
    const client = world.join('a', connect)
    world.advance(10_000)
    expect(client.channel.isEnded).toBe(true)
  })
})
