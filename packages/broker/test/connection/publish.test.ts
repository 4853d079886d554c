import { describe, expect, it } from 'vitest'
import { hex, makeWorld } from '../world.js'
import type { AnyPacket, Client } from '../world.js'

const publish = (more: AnyPacket = {}): AnyPacket => ({
  cmd: 'publish',
  topic: 't',
  payload: 'p',
  qos: 0,
  ...more,
})
const subscribe = (topic: string, more: AnyPacket = {}): AnyPacket => ({
  cmd: 'subscribe',
  messageId: 1,
  subscriptions: [{ topic, qos: 2, ...more }],
})

describe('PUBLISH', () => {
  it('forwards PUBLISH at QoS 0, 1 and 2 to a subscriber with unaltered properties', () => {
    const world = makeWorld()
    const properties = {
      payloadFormatIndicator: true,
      contentType: 'text/plain',
      responseTopic: 'responses/here',
      correlationData: Buffer.from([0, 255, 7]),
    }
    const [from, to] = [world.join('from'), world.join('to')]
    to.send(subscribe('t/+'))
    from.take()
    to.take()
    for (const qos of [0, 1, 2]) from.send(publish({ topic: 't/a', qos, messageId: 9 + qos, properties }))
    expect(from.take()).toEqual([
      { cmd: 'puback', messageId: 10, reasonCode: 0 },
      { cmd: 'pubrec', messageId: 11, reasonCode: 0 },
    ])
    const message = {
      cmd: 'publish',
      topic: 't/a',
      payload: Buffer.from('p'),
      retain: false,
      dup: false,
      properties,
    }
    expect(to.take()).toEqual([
      { ...message, qos: 0 },
      { ...message, qos: 1, messageId: 1 },
      { ...message, qos: 2, messageId: 2 },
    ])
    from.send({ cmd: 'pubrel', messageId: 11 })
    expect(from.take()).toEqual([{ cmd: 'pubcomp', messageId: 11, reasonCode: 0 }])
    to.send({ cmd: 'puback', messageId: 1 })
    to.send({ cmd: 'pubrec', messageId: 2 })
    expect(to.take()).toEqual([{ cmd: 'pubrel', messageId: 2, reasonCode: 0 }])
    to.send({ cmd: 'pubcomp', messageId: 2 })
    expect(world.engine.sessions.get('to')?.outbound.inFlightCount).toBe(0)
  })

  it('keeps the order of user properties with repeated and interleaved names [MQTT-3.3.2-18]', () => {
    const world = makeWorld()
    const [from, to] = [world.join('from'), world.join('to')]
    to.send(subscribe('t'))
    to.take()
    const before = to.bytes().length
    const properties = '26 0001 62 0001 31  26 0001 61 0001 32  26 0001 62 0001 33'
    from.send(hex(`30 1a 0001 74 15 ${properties} 70`))
    expect(to.bytes().subarray(before)).toEqual(hex(`30 1a 0001 74 15 ${properties} 70`))
  })

  it('forwards PUBLISH between MQTT 5 and 3.1.1 clients', () => {
    const world = makeWorld()
    const v311 = world.join('v311', { protocolVersion: 4 })
    const v5 = world.join('v5')
    for (const client of [v311, v5]) client.send(subscribe('#'))
    for (const client of [v311, v5]) client.take()
    v5.send(publish({ qos: 1, messageId: 1, properties: { contentType: 'x' } }))
    expect(v311.take()).toMatchObject([{ cmd: 'publish', topic: 't', qos: 1 }])
    v5.take()
    v311.send(publish({ qos: 1, messageId: 1 }))
    expect(v5.take()).toMatchObject([{ cmd: 'publish', topic: 't', qos: 1 }])
    expect(v311.take()).toMatchObject([{ cmd: 'publish' }, { cmd: 'puback', messageId: 1 }])
    expect(v311.bytes().subarray(-4)).toEqual(hex('40 02 0001'))
  })

  it('acknowledges PUBLISH without a subscriber with 0x10 at QoS 1 and 2, without a reason code in 3.1.1', () => {
    const world = makeWorld()
    const client = world.join('a')
    client.take()
    client.send(publish({ qos: 1, messageId: 1 }))
    client.send(publish({ qos: 2, messageId: 2 }))
    expect(client.take()).toEqual([
      { cmd: 'puback', messageId: 1, reasonCode: 0x10 },
      { cmd: 'pubrec', messageId: 2, reasonCode: 0x10 },
    ])
    const v311 = world.join('b', { protocolVersion: 4 })
    v311.take()
    v311.send(publish({ qos: 1, messageId: 1 }))
    expect(v311.take()).toEqual([{ cmd: 'puback', messageId: 1 }])
  })

  it('delivers a QoS 2 PUBLISH once, however often it is sent [MQTT-4.3.3-10]', () => {
    const world = makeWorld()
    const [from, to] = [world.join('from'), world.join('to')]
    to.send(subscribe('t'))
    from.take()
    to.take()
    for (const dup of [false, true, true]) from.send(publish({ qos: 2, messageId: 1, dup }))
    expect(to.take()).toHaveLength(1)
    expect(from.take()).toEqual(Array(3).fill({ cmd: 'pubrec', messageId: 1, reasonCode: 0 }))
    from.send({ cmd: 'pubrel', messageId: 1 })
    from.send(publish({ qos: 2, messageId: 1 }))
    expect(to.take()).toHaveLength(1)
  })

  it('answers PUBREL and PUBREC of an unknown Packet Identifier with 0x92', () => {
    const client = makeWorld().join('a')
    client.take()
    client.send({ cmd: 'pubrel', messageId: 7 })
    expect(client.take()).toMatchObject([{ cmd: 'pubcomp', messageId: 7, reasonCode: 0x92 }])
    client.send({ cmd: 'pubrec', messageId: 7 })
    expect(client.take()).toEqual([{ cmd: 'pubrel', messageId: 7, reasonCode: 0x92 }])
  })

  it.each([
    ['a wildcard in the topic [MQTT-3.3.2-2]', '30 04 0001 23 00', 0x90],
    ['a topic that is not valid UTF-8', '30 05 0002 c328 00', 0x81],
    ['U+0000 in the topic', '30 05 0002 6100 00', 0x81],
    ['a topic longer than the packet', '30 04 0009 61 00', 0x81],
    ['no topic and no alias', '30 03 0000 00', 0x82],
    ['both QoS bits [MQTT-3.3.1-4]', '36 06 0001 61 0001 00', 0x81],
    ['DUP at QoS 0 [MQTT-3.3.1-2]', '38 04 0001 61 00', 0x81],
    ['a Packet Identifier of 0 [MQTT-2.2.1-3]', '32 06 0001 61 0000 00', 0x82],
    ['topic alias 0 [MQTT-3.3.2-8]', '30 07 0001 61 03 230000', 0x94],
    ['a topic alias above the maximum [MQTT-3.3.2-9]', '30 07 0001 61 03 230041', 0x94],
    ['an unknown topic alias', '30 06 0000 03 230001', 0x82],
    ['a Subscription Identifier [MQTT-3.3.4-6]', '30 06 0001 61 02 0b01', 0x82],
    ['a Response Topic with a wildcard [MQTT-3.3.2-14]', '30 08 0001 61 04 08000123', 0x82],
    ['a Payload Format Indicator of 2', '30 06 0001 61 02 0102', 0x82],
    ['a repeated Message Expiry Interval', '30 0e 0001 61 0a 0200000001 0200000001', 0x82],
    ['properties longer than the packet', '30 05 0001 61 7f 00', 0x81],
    ['a truncated property', '30 06 0001 61 02 0200', 0x81],
    ['a property of CONNECT', '30 07 0001 61 03 210001', 0x81],
    ['a user property that is not valid UTF-8', '30 0b 0001 61 07 26 0001 ff 0001 61', 0x81],
    ['a Variable Byte Integer longer than needed', '30 05 0001 61 8000', 0x81],
    ['a packet that only brokers send', '90 03 0001 00', 0x81],
    ['wrong reserved flags [MQTT-2.1.3-1]', '80 06 0001 00 0001 61 00', 0x81],
    ['a PUBACK without a Packet Identifier', '40 01 00', 0x81],
    ['a PUBACK with a Packet Identifier of 0', '40 02 0000', 0x82],
    ['a reason code that PUBACK does not define', '40 03 0001 92', 0x81],
    ['a PINGREQ with a body', 'c0 01 00', 0x81],
    ['AUTH without an Authentication Method in CONNECT [MQTT-4.12.0-6]', 'f0 06 18 04 15 0001 78', 0x82],
  ])('disconnects only the client that sends %s', (_, digits, reasonCode) => {
    const world = makeWorld()
    const [client, other] = [world.join('a'), world.join('b')]
    client.take()
    client.send(hex(digits))
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode }])
    expect(client.channel.isEnded).toBe(true)
    expect(other.channel.isEnded).toBe(false)
  })

  it('disconnects on a PUBLISH beyond the Maximum QoS, Retain Available and topic limits', () => {
    const codeOf = (packet: AnyPacket): number | undefined => {
      const world = makeWorld({
        maximumQoS: 0,
        retainAvailable: false,
        limits: { topicLength: 5, topicLevels: 3 },
      })
      const client = world.join('a')
      client.take()
      client.send(publish(packet))
      return client.take()[0]?.reasonCode
    }
    expect(codeOf({ qos: 1, messageId: 1 })).toBe(0x9b)
    expect(codeOf({ retain: true })).toBe(0x9a)
    expect(codeOf({ topic: '123456' })).toBe(0x90)
    expect(codeOf({ topic: '///' })).toBe(0x90)
    expect(codeOf({ topic: 'a/b/c' })).toBeUndefined()
  })

  it('disconnects on a Remaining Length beyond limits.packetSize before the body arrives', () => {
    const world = makeWorld({ limits: { packetSize: 1_000 } })
    const client = world.join('a')
    client.take()
    client.send(hex('30 ffffff7f'))
    expect(client.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x95 }])
  })

  it('disconnects on a PUBLISH beyond the Receive Maximum [MQTT-3.3.4-7]', () => {
    const world = makeWorld({ limits: { receiveMaximum: 2 } })
    const client = world.join('a')
    client.take()
    for (const messageId of [1, 2, 3]) client.send(publish({ qos: 2, messageId, topic: 'unused' }))
    expect(client.take().map(({ cmd, reasonCode }) => [cmd, reasonCode])).toEqual([
      ['pubrec', 0x10],
      ['pubrec', 0x10],
      ['disconnect', 0x93],
    ])
  })

  it('resolves topic aliases and lets a client reassign them', () => {
    const world = makeWorld()
    const [from, to] = [world.join('from'), world.join('to')]
    to.send(subscribe('#'))
    to.take()
    from.send(publish({ topic: 'one', properties: { topicAlias: 1 } }))
    from.send(publish({ topic: '', properties: { topicAlias: 1, contentType: 'x' } }))
    from.send(publish({ topic: 'two', properties: { topicAlias: 1 } }))
    from.send(publish({ topic: '', properties: { topicAlias: 1 } }))
    const got = to.take()
    expect(got.map(({ topic }) => topic)).toEqual(['one', 'one', 'two', 'two'])
    expect(got[1]?.properties).toEqual({ contentType: 'x' })
    expect(got[0]).not.toHaveProperty('properties')
  })

  it('disconnects a client whose topic aliases exceed limits.topicAliasBytes together, also in UTF-8', () => {
    const world = makeWorld({ limits: { topicAliasBytes: 10 } })
    const define = (client: Client, topic: string, topicAlias: number): void =>
      client.send(publish({ topic, properties: { topicAlias } }))
    const allowed = world.join('allowed')
    for (const topic of ['1234567890', '12345', '1234567890']) define(allowed, topic, 1)
    define(allowed, '12345', 1)
    define(allowed, '67890', 2)
    expect(allowed.take().map(({ cmd }) => cmd)).toEqual(['connack'])
    define(allowed, 'x', 3)
    expect(allowed.take()).toMatchObject([{ cmd: 'disconnect', reasonCode: 0x97 }])
    const other = world.join('other')
    define(other, 'äöüäöü', 1)
    expect(other.take().at(-1)).toMatchObject({
      reasonCode: 0x97,
      properties: {
        reasonString: expect.stringContaining('have 12 bytes: limits.topicAliasBytes is 10') as string,
      },
    })
  })

  it('sends topic aliases up to the client’s Topic Alias Maximum [MQTT-3.1.2-26]', () => {
    const world = makeWorld()
    const from = world.join('from')
    const to = world.join('to', { properties: { topicAliasMaximum: 1 } })
    to.send(subscribe('#'))
    to.take()
    for (const topic of ['one', 'one', 'two'])
      from.send(publish({ topic, properties: { messageExpiryInterval: 5 } }))
    expect(to.take().map(({ topic, properties }) => [topic, properties])).toEqual([
      ['one', { messageExpiryInterval: 5, topicAlias: 1 }],
      ['', { messageExpiryInterval: 5, topicAlias: 1 }],
      ['two', { messageExpiryInterval: 5 }],
    ])
  })

  it('assigns a client that accepts 65 535 topic aliases at most limits.outboundTopicAliases', () => {
    const world = makeWorld({ limits: { outboundTopicAliases: 2 } })
    const from = world.join('from')
    const to = world.join('to', { properties: { topicAliasMaximum: 65_535 } })
    to.send(subscribe('#'))
    to.take()
    for (const topic of ['one', 'two', 'three', 'one']) from.send(publish({ topic }))
    expect(to.take().map(({ topic, properties }) => [topic, properties?.topicAlias])).toEqual([
      ['one', 1],
      ['two', 2],
      ['three', undefined],
      ['', 1],
    ])
  })

  it('stores at most 65 536 characters of aliased topics for one client', () => {
    const world = makeWorld()
    const from = world.join('from')
    const to = world.join('to', { properties: { topicAliasMaximum: 65_535 } })
    to.send(subscribe('#'))
    to.take()
    for (const name of ['a', 'b', 'c']) from.send(publish({ topic: name.repeat(30_000) }))
    expect(to.take().map(({ properties }) => properties?.topicAlias)).toEqual([1, 2, undefined])
  })

  it('drops a message larger than the subscriber’s Maximum Packet Size [MQTT-3.1.2-24]', () => {
    const world = makeWorld()
    const from = world.join('from')
    const to = world.join('to', { properties: { maximumPacketSize: 50 } })
    to.send(subscribe('t'))
    to.take()
    from.send(publish({ payload: 'x'.repeat(100), qos: 1, messageId: 1 }))
    from.send(publish({ payload: 'x'.repeat(10), qos: 1, messageId: 2 }))
    expect(to.take()).toHaveLength(1)
    expect(world.events).toContainEqual({ type: 'dropped', clientId: 'to', topic: 't', loss: 'too-large' })
    expect(world.engine.sessions.get('to')?.outbound.inFlightCount).toBe(1)
  })

  it('sends a payload of 200 000 bytes to several subscribers', () => {
    const world = makeWorld()
    const from = world.join('from')
    const receivers = ['a', 'b', 'c'].map((name) => world.join(name))
    const payload = Buffer.alloc(200_000, 'x')
    for (const client of receivers) client.send(subscribe('t'))
    for (const client of receivers) client.take()
    from.send(publish({ payload, qos: 1, messageId: 1 }))
    for (const client of receivers) {
      expect(payload.equals(client.first().payload as Buffer)).toBe(true)
    }
  })

  it('refuses a payload that is not the UTF-8 text it claims to be when checksPayloadFormat is on', () => {
    const bad = (qos: number): AnyPacket =>
      publish({
        qos,
        messageId: 1,
        payload: Buffer.from([0xff]),
        properties: { payloadFormatIndicator: true },
      })
    const strict = makeWorld({ checksPayloadFormat: true })
    const client = strict.join('a')
    client.take()
    for (const qos of [0, 1, 2]) client.send(bad(qos))
    expect(client.take().map(({ cmd, reasonCode }) => [cmd, reasonCode])).toEqual([
      ['puback', 0x99],
      ['pubrec', 0x99],
    ])
    const lenient = makeWorld().join('a')
    lenient.take()
    lenient.send(bad(1))
    expect(lenient.take()).toMatchObject([{ reasonCode: 0x10 }])
  })

  it('sends a Reason String in PUBACK only with Request Problem Information [MQTT-3.1.2-29]', () => {
    const authority = { authorizePublish: () => ({ refuse: 0x87 }) }
    const reasonOf = (requestProblemInformation: boolean): string | undefined => {
      const client = makeWorld({ authority }).join('a', { properties: { requestProblemInformation } })
      client.take()
      client.send(publish({ qos: 1, messageId: 1 }))
      return client.first().properties?.reasonString
    }
    expect(reasonOf(true)).toBe('not authorized (0x87)')
    expect(reasonOf(false)).toBeUndefined()
  })
})
