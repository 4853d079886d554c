import { describe, expect, it } from 'vitest'
import { hex, makeWorld } from '../world.js'
import type { AnyPacket } from '../world.js'

const connect = (more: AnyPacket = {}): AnyPacket => ({
  cmd: 'connect',
  protocolId: 'MQTT',
  protocolVersion: 5,
  clean: true,
  keepalive: 0,
  clientId: 'a',
  ...more,
})

describe('CONNECT', () => {
  it('is answered with what the broker offers', () => {
    const client = makeWorld().join('a')
    expect(client.take()).toEqual([
      {
        cmd: 'connack',
        sessionPresent: false,
        reasonCode: 0,
        properties: { receiveMaximum: 1024, maximumPacketSize: 1048576, topicAliasMaximum: 64 },
      },
    ])
  })

  it('gives a name to who has none [MQTT-3.1.3-6/7]', () => {
    const connack = makeWorld().join('').first()
    expect(connack.properties?.assignedClientIdentifier).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('tells of bounds that are not the protocol’s own', () => {
    const world = makeWorld({
      maximumQoS: 1,
      retainAvailable: false,
      wildcardSubscriptions: false,
      sharedSubscriptions: false,
      limits: { keepAlive: 60, sessionExpiryInterval: 100, topicAliases: 0, receiveMaximum: 65_535 },
      responseInformation: ({ clientId }) => `answers/${clientId}`,
    })
    const properties = { sessionExpiryInterval: 200, requestResponseInformation: true }
    expect(world.join('a', { properties, keepalive: 100 }).first().properties).toEqual({
      maximumQoS: 1,
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      sharedSubscriptionAvailable: false,
      maximumPacketSize: 1048576,
      serverKeepAlive: 60,
      sessionExpiryInterval: 100,
      responseInformation: 'answers/a',
    })
    expect(world.join('b', { keepalive: 60 }).first().properties).not.toHaveProperty('responseInformation')
  })

  it('speaks 3.1.1', () => {
    expect(makeWorld().join('a', { protocolVersion: 4 }).take()).toEqual([
      { cmd: 'connack', sessionPresent: false, returnCode: 0 },
    ])
  })

  it.each([
    ['protocol level 6', hex('10 0e 00044d515454 06 02 0000 00 0001 61'), 0x84],
    ['protocol level 3', hex('10 0f 00064d5149736470 03 02 0000 0001 61'), 0x01],
    ['protocol level 3 under the new name', hex('10 0d 00044d515454 03 02 0000 0001 61'), 0x01],
  ])('refuses %s [MQTT-3.1.2-2]', (_, bytes, code) => {
    const client = makeWorld().dial()
    client.send(bytes)
    expect([...client.bytes().subarray(0, 4)]).toEqual([0x20, client.bytes().length - 2, 0, code])
    expect(client.channel.isEnded).toBe(true)
  })

  it('leaves a version out where it is told to', () => {
    const world = makeWorld({ protocolVersions: [4] })
    const connack = world.join('a').first()
    expect(connack.reasonCode).toBe(0x84)
    expect(world.join('a', { protocolVersion: 4 }).first().returnCode).toBe(0)
  })

  it.each([
    ['another protocol', '10 0d 00044d515455 05 02 0000 00 0001 61'],
    ['a first packet that is none', 'c0 00'],
    ['a reserved flag in 3.1.1 [MQTT-3.1.2-3]', '10 0d 00044d515454 04 03 0000 0001 61'],
    ['a password without a user in 3.1.1', '10 10 00044d515454 04 42 0000 0001 61 0001 70'],
    ['an end in the middle', '10 0b 00044d515454 04 02 0000 0001'],
  ])('closes without a word on %s', (_, digits) => {
    const client = makeWorld().dial(4)
    client.send(hex(digits))
    expect(client.bytes()).toHaveLength(0)
    expect(client.channel.isEnded).toBe(true)
  })

  it.each([
    ['a reserved flag [MQTT-3.1.2-3]', '10 0e 00044d515454 05 03 0000 00 0001 61', 0x81],
    ['will flags without a will [MQTT-3.1.2-11]', '10 0e 00044d515454 05 0a 0000 00 0001 61', 0x81],
    ['a will QoS of 3 [MQTT-3.1.2-12]', '10 15 00044d515454 05 1e 0000 00 0001 61 00 0001 77 0001 70', 0x81],
    ['a name that is not UTF-8 [MQTT-1.5.4-1]', '10 0e 00044d515454 05 02 0000 00 0001 ff', 0x81],
    ['U+0000 in a name [MQTT-1.5.4-2]', '10 0e 00044d515454 05 02 0000 00 0001 00', 0x81],
    ['a property of another packet', '10 10 00044d515454 05 02 0000 02 0101 0001 61', 0x81],
    ['a property sent twice', '10 14 00044d515454 05 02 0000 06 210005 210005 0001 61', 0x82],
    ['a Receive Maximum of 0', '10 11 00044d515454 05 02 0000 03 210000 0001 61', 0x82],
    ['a Maximum Packet Size of 0', '10 13 00044d515454 05 02 0000 05 2700000000 0001 61', 0x82],
    ['Authentication Data without a method', '10 12 00044d515454 05 02 0000 04 16000161 0001 61', 0x82],
    ['an unknown method [MQTT-4.12.0-1]', '10 12 00044d515454 05 02 0000 04 15000161 0001 61', 0x8c],
    ['a will topic with a wildcard', '10 15 00044d515454 05 06 0000 00 0001 61 00 0001 23 0001 70', 0x90],
    ['bytes behind its end', '10 0f 00044d515454 05 02 0000 00 0001 61 00', 0x81],
  ])('refuses %s', (_, digits, reasonCode) => {
    const client = makeWorld().dial()
    client.send(hex(digits))
    expect(client.take()).toMatchObject([{ cmd: 'connack', sessionPresent: false, reasonCode }])
    expect(client.channel.isEnded).toBe(true)
  })

  it('needs a name with a session that is to last, in 3.1.1 [MQTT-3.1.3-8]', () => {
    const client = makeWorld().dial(4)
    client.send(hex('10 0c 00044d515454 04 00 0000 0000'))
    expect(client.take()).toMatchObject([{ cmd: 'connack', returnCode: 2 }])
  })

  it('refuses what is not offered', () => {
    const world = makeWorld({ maximumQoS: 1, retainAvailable: false, assignsClientIds: false })
    const will = { topic: 't', payload: 'p' }
    const codeOf = (more: AnyPacket): number | undefined => world.join('a', more).first().reasonCode
    expect(codeOf({ will: { ...will, qos: 2 } })).toBe(0x9b) // [MQTT-3.2.2-12]
    expect(codeOf({ will: { ...will, qos: 0, retain: true } })).toBe(0x9a) // [MQTT-3.2.2-13]
    expect(codeOf({ clientId: '' })).toBe(0x85)
  })

  it('refuses a will that breaks the broker’s bounds', () => {
    const world = makeWorld({ checksPayloadFormat: true, limits: { topicLevels: 3 } })
    const codeOf = (will: AnyPacket): number | undefined => world.join('a', { will }).first().reasonCode
    expect(codeOf({ topic: 'a/b/c/d', payload: 'p', qos: 0 })).toBe(0x90)
    const text = { topic: 'a/b/c', qos: 0, properties: { payloadFormatIndicator: true } }
    expect(codeOf({ ...text, payload: Buffer.from([0xff]) })).toBe(0x99)
    expect(codeOf({ ...text, payload: 'p' })).toBe(0)
  })

  it('must come in time', () => {
    const world = makeWorld({ limits: { connectTimeout: 1_000 } })
    const client = world.dial()
    client.send(hex('10'))
    world.advance(999)
    expect(client.channel.isEnded).toBe(false)
    world.advance(1)
    expect(client.channel.isEnded).toBe(true)
    world.advance(2_000)
    expect(client.channel.isGone).toBe(true)
    expect(world.engine.connections.size).toBe(0)
  })

  it('may not come twice [MQTT-3.1.0-2]', () => {
    const client = makeWorld().join('a')
    client.take()
    client.send(connect())
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }])
    expect(client.channel.isEnded).toBe(true)
  })

  it('takes over from whoever has its name [MQTT-3.1.4-3]', () => {
    const world = makeWorld()
    const first = world.join('a')
    first.take()
    const second = world.join('a')
    expect(first.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x8e }])
    expect(first.channel.isEnded).toBe(true)
    expect(second.take()).toMatchObject([{ cmd: 'connack', reasonCode: 0, sessionPresent: false }])
    expect(world.engine.sessions.size).toBe(1)
  })

  it('is refused when there are as many sessions as there may be', () => {
    const world = makeWorld({ limits: { sessions: 1 } })
    world.join('a')
    expect(world.join('b').first().reasonCode).toBe(0x97)
    expect(world.join('a').first().reasonCode).toBe(0)
  })

  it('leaves reasons out of what a client with a small Maximum Packet Size is told [MQTT-3.14.2-3]', () => {
    const client = makeWorld().join('a', { properties: { maximumPacketSize: 20 } })
    client.take()
    client.send(connect())
    expect(client.take()).toEqual([{ cmd: 'disconnect', reasonCode: 0x82 }])
  })
})
