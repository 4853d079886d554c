import { describe, expect, it } from 'vitest'
import { hex, makeWorld } from '../world.js'
import type { Client, World } from '../world.js'

/** Opens a connection and sends a CONNECT with this Protocol Name and Protocol Version. */
function connect(world: World, name: string, level: number, clientId: string, flags = 2): Client {
  const client = world.dial(4)
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
  const body = Buffer.concat([text(name), Buffer.from([level, flags, 0, 0]), text(clientId)])
  client.send(Buffer.concat([Buffer.from([0x10, body.length]), body]))
  return client
}

describe('acceptsMqtt31', () => {
  it('refuses MQTT 3.1 by default, with return code 1', () => {
    const world = makeWorld()
    expect(connect(world, 'MQIsdp', 3, 'a').first()).toMatchObject({ cmd: 'connack', returnCode: 1 })
    const reason = 'the protocol version 3 is not supported [MQTT-3.1.2-2]; acceptsMqtt31 accepts MQTT 3.1'
    expect(world.events).toMatchObject([{ reason: `unsupported protocol version (0x84): ${reason}` }])
  })

  it('serves a client of MQTT 3.1 as one of MQTT 3.1.1, also without protocol version 4', () => {
    const world = makeWorld({ acceptsMqtt31: true, protocolVersions: [5] })
    const client = connect(world, 'MQIsdp', 3, 'a')
    expect(client.first()).toMatchObject({ cmd: 'connack', returnCode: 0 })
    client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 't', qos: 1 }] })
    client.send({ cmd: 'publish', topic: 't', payload: 'x', qos: 1, messageId: 2 })
    expect(client.take()).toMatchObject([
      { cmd: 'suback', granted: [1] },
      { cmd: 'publish', topic: 't', qos: 1 },
      { cmd: 'puback', messageId: 2 },
    ])
    expect(world.broker.session('a')?.client).toMatchObject({ protocolVersion: 4 })
  })

  it.each([
    ['an unknown version', 'MQIsdp', 4],
    ['version 3 with the name of MQTT 3.1.1', 'MQTT', 3],
  ])('refuses %s with return code 1', (_, name, level) => {
    expect(connect(makeWorld({ acceptsMqtt31: true }), name, level, 'a').first()).toMatchObject({
      returnCode: 1,
    })
  })

  it('refuses an empty Client Identifier with return code 2', () => {
    const world = makeWorld({ acceptsMqtt31: true })
    expect(connect(world, 'MQIsdp', 3, '').first()).toMatchObject({ returnCode: 2 })
  })

  it('leaves the reserved byte of CONNACK 0 when it resumes a session', () => {
    const world = makeWorld({ acceptsMqtt31: true })
    connect(world, 'MQIsdp', 3, 'a', 0).cut()
    const client = connect(world, 'MQIsdp', 3, 'a', 0)
    expect(client.first()).toMatchObject({ sessionPresent: false })
    expect(client.bytes()).toEqual(hex('20 02 00 00'))
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'connected', sessionPresent: true }))
  })

  it('accepts DUP in SUBSCRIBE, PUBREL and UNSUBSCRIBE of MQTT 3.1 only', () => {
    const world = makeWorld({ acceptsMqtt31: true })
    const client = connect(world, 'MQIsdp', 3, 'a')
    client.send(hex('8a 06 0001 0001 74 00'))
    client.send({ cmd: 'publish', topic: 'u', payload: 'x', qos: 2, messageId: 2 })
    client.send(hex('6a 02 0002'))
    client.send(hex('aa 05 0003 0001 74'))
    expect(client.take().map(({ cmd }) => cmd)).toEqual([
      'connack',
      'suback',
      'pubrec',
      'pubcomp',
      'unsuback',
    ])
    const newer = connect(world, 'MQTT', 4, 'b')
    newer.send(hex('8a 06 0001 0001 74 00'))
    expect(newer.take().map(({ cmd }) => cmd)).toEqual(['connack'])
    expect(newer.channel.isEnded).toBe(true)
  })
})

describe('a bridge that Mosquitto marks by a bit of the protocol version', () => {
  it.each([
    ['MQTT', 0x84],
    ['MQIsdp', 0x83],
  ])('gets messages with RETAIN as published, and none of its own: %s', (name, level) => {
    const world = makeWorld({ acceptsMqtt31: true })
    const bridge = connect(world, name, level, 'bridge')
    bridge.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '#', qos: 0 }] })
    expect(bridge.take()).toMatchObject([
      { cmd: 'connack', returnCode: 0 },
      { cmd: 'suback', granted: [0] },
    ])
    const publish = { cmd: 'publish', topic: 't', payload: 'x', qos: 0, retain: true }
    bridge.send(publish)
    expect(bridge.take()).toEqual([])
    world.join('a').send(publish)
    expect(bridge.take()).toMatchObject([{ cmd: 'publish', retain: true }])
  })

  it('is a usual member of a shared subscription', () => {
    const world = makeWorld()
    const bridge = connect(world, 'MQTT', 0x84, 'bridge')
    bridge.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/t', qos: 0 }] })
    bridge.send({ cmd: 'publish', topic: 't', payload: 'x', qos: 0 })
    expect(bridge.take().map(({ cmd }) => cmd)).toEqual(['connack', 'suback', 'publish'])
  })

  it('refuses the bit with MQTT 5, which has its own subscription options', () => {
    const world = makeWorld()
    const client = world.dial(5)
    client.send(hex('10 0e 00044d515454 85 02 0000 00 0001 61'))
    expect(client.first()).toMatchObject({ reasonCode: 0x84 })
  })
})
