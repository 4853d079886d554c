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
  it('answers CONNECT with the broker’s limits', () => {
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

  it('assigns a client identifier to a client without one [MQTT-3.1.3-6/7]', () => {
    const connack = makeWorld().join('').first()
    expect(connack.properties?.assignedClientIdentifier).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('sends limits in CONNACK that differ from the defaults of the protocol', () => {
    const world = makeWorld({
      maximumQoS: 1,
      retainAvailable: false,
      wildcardSubscriptions: false,
      sharedSubscriptions: false,
      limits: { keepAlive: 60, sessionExpiryInterval: 100, topicAliases: 0, receiveMaximum: 65_535 },
      responseInformation: ({ clientId }) => `responses/${clientId}`,
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
      responseInformation: 'responses/a',
    })
    expect(world.join('b', { keepalive: 60 }).first().properties).not.toHaveProperty('responseInformation')
  })

  it('answers a 3.1.1 CONNECT with a 3.1.1 CONNACK', () => {
    expect(makeWorld().join('a', { protocolVersion: 4 }).take()).toEqual([
      { cmd: 'connack', sessionPresent: false, returnCode: 0 },
    ])
  })

  it.each([
    ['protocol level 6', hex('10 0e 00044d515454 06 02 0000 00 0001 61'), 0x84],
    ['protocol level 3', hex('10 0f 00064d5149736470 03 02 0000 0001 61'), 0x01],
    ['protocol level 3 with the name MQTT', hex('10 0d 00044d515454 03 02 0000 0001 61'), 0x01],
  ])('refuses a CONNECT with %s [MQTT-3.1.2-2]', (_, bytes, code) => {
    const client = makeWorld().dial()
    client.send(bytes)
    expect([...client.bytes().subarray(0, 4)]).toEqual([0x20, client.bytes().length - 2, 0, code])
    expect(client.channel.isEnded).toBe(true)
  })

  it('refuses MQTT 5 when protocolVersions does not include it', () => {
    const world = makeWorld({ protocolVersions: [4] })
    const connack = world.join('a').first()
    expect(connack.reasonCode).toBe(0x84)
    expect(world.join('a', { protocolVersion: 4 }).first().returnCode).toBe(0)
  })

  it.each([
    ['a CONNECT with another protocol name', '10 0d 00044d515455 05 02 0000 00 0001 61'],
    ['a first packet that is not CONNECT', 'c0 00'],
    ['a CONNECT with a reserved flag in 3.1.1 [MQTT-3.1.2-3]', '10 0d 00044d515454 04 03 0000 0001 61'],
    [
      'a CONNECT with a password without a user name in 3.1.1',
      '10 10 00044d515454 04 42 0000 0001 61 0001 70',
    ],
    ['a truncated CONNECT', '10 0b 00044d515454 04 02 0000 0001'],
  ])('closes without CONNACK on %s', (_, digits) => {
    const client = makeWorld().dial(4)
    client.send(hex(digits))
    expect(client.bytes()).toHaveLength(0)
    expect(client.channel.isEnded).toBe(true)
  })

  it.each([
    ['a reserved flag [MQTT-3.1.2-3]', '10 0e 00044d515454 05 03 0000 00 0001 61', 0x81],
    ['Will Flags without a will [MQTT-3.1.2-11]', '10 0e 00044d515454 05 0a 0000 00 0001 61', 0x81],
    ['a Will QoS of 3 [MQTT-3.1.2-12]', '10 15 00044d515454 05 1e 0000 00 0001 61 00 0001 77 0001 70', 0x81],
    [
      'a client identifier that is not valid UTF-8 [MQTT-1.5.4-1]',
      '10 0e 00044d515454 05 02 0000 00 0001 ff',
      0x81,
    ],
    ['U+0000 in the client identifier [MQTT-1.5.4-2]', '10 0e 00044d515454 05 02 0000 00 0001 00', 0x81],
    ['a property of another packet', '10 10 00044d515454 05 02 0000 02 0101 0001 61', 0x81],
    ['a repeated property', '10 14 00044d515454 05 02 0000 06 210005 210005 0001 61', 0x82],
    ['a Receive Maximum of 0', '10 11 00044d515454 05 02 0000 03 210000 0001 61', 0x82],
    ['a Maximum Packet Size of 0', '10 13 00044d515454 05 02 0000 05 2700000000 0001 61', 0x82],
    ['Authentication Data without a method', '10 12 00044d515454 05 02 0000 04 16000161 0001 61', 0x82],
    [
      'an unknown Authentication Method [MQTT-4.12.0-1]',
      '10 12 00044d515454 05 02 0000 04 15000161 0001 61',
      0x8c,
    ],
    ['a will topic with a wildcard', '10 15 00044d515454 05 06 0000 00 0001 61 00 0001 23 0001 70', 0x90],
    ['trailing bytes', '10 0f 00044d515454 05 02 0000 00 0001 61 00', 0x81],
  ])('refuses a CONNECT with %s', (_, digits, reasonCode) => {
    const client = makeWorld().dial()
    client.send(hex(digits))
    expect(client.take()).toMatchObject([{ cmd: 'connack', sessionPresent: false, reasonCode }])
    expect(client.channel.isEnded).toBe(true)
  })

  it('refuses an empty client identifier without Clean Session in 3.1.1 [MQTT-3.1.3-8]', () => {
    const client = makeWorld().dial(4)
    client.send(hex('10 0c 00044d515454 04 00 0000 0000'))
    expect(client.take()).toMatchObject([{ cmd: 'connack', returnCode: 2 }])
  })

  it('refuses a will above the Maximum QoS, a retained will and an empty client identifier', () => {
    const world = makeWorld({ maximumQoS: 1, retainAvailable: false, assignsClientIds: false })
    const will = { topic: 't', payload: 'p' }
    const codeOf = (more: AnyPacket): number | undefined => world.join('a', more).first().reasonCode
    expect(codeOf({ will: { ...will, qos: 2 } })).toBe(0x9b) // [MQTT-3.2.2-12]
    expect(codeOf({ will: { ...will, qos: 0, retain: true } })).toBe(0x9a) // [MQTT-3.2.2-13]
    expect(codeOf({ clientId: '' })).toBe(0x85)
  })

  it('refuses a will with too many topic levels or a payload that is not the UTF-8 text it claims to be', () => {
    const world = makeWorld({ checksPayloadFormat: true, limits: { topicLevels: 3 } })
    const codeOf = (will: AnyPacket): number | undefined => world.join('a', { will }).first().reasonCode
    expect(codeOf({ topic: 'a/b/c/d', payload: 'p', qos: 0 })).toBe(0x90)
    const text = { topic: 'a/b/c', qos: 0, properties: { payloadFormatIndicator: true } }
    expect(codeOf({ ...text, payload: Buffer.from([0xff]) })).toBe(0x99)
    expect(codeOf({ ...text, payload: 'p' })).toBe(0)
  })

  it('closes a connection without CONNECT after connectTimeout', () => {
    const world = makeWorld({ limits: { connectTimeout: 1_000 } })
    const client = world.dial()
    client.send(hex('10'))
    world.advance(999)
    expect(client.channel.isEnded).toBe(false)
    world.advance(1)
    expect(client.channel.isEnded).toBe(true)
    world.advance(2_000)
    expect(client.channel.isClosed).toBe(true)
    expect(world.engine.connections.size).toBe(0)
  })

  it('disconnects a client that sends a second CONNECT [MQTT-3.1.0-2]', () => {
    const client = makeWorld().join('a')
    client.take()
    client.send(connect())
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x82 }])
    expect(client.channel.isEnded).toBe(true)
  })

  it('disconnects the older connection with the same client identifier [MQTT-3.1.4-3]', () => {
    const world = makeWorld()
    const first = world.join('a')
    first.take()
    const second = world.join('a')
    expect(first.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x8e }])
    expect(first.channel.isEnded).toBe(true)
    expect(second.take()).toMatchObject([{ cmd: 'connack', reasonCode: 0, sessionPresent: false }])
    expect(world.engine.sessions.size).toBe(1)
  })

  it('refuses a new session beyond limits.sessions', () => {
    const world = makeWorld({ limits: { sessions: 1 } })
    world.join('a')
    expect(world.join('b').first().reasonCode).toBe(0x97)
    expect(world.join('a').first().reasonCode).toBe(0)
  })

  it('omits the Reason String of a DISCONNECT beyond the client’s Maximum Packet Size [MQTT-3.14.2-3]', () => {
    const client = makeWorld().join('a', { properties: { maximumPacketSize: 20 } })
    client.take()
    client.send(connect())
    expect(client.take()).toEqual([{ cmd: 'disconnect', reasonCode: 0x82 }])
  })
})
