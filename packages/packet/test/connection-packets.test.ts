import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import {
  checkPingResponse,
  Cursor,
  PacketError,
  type ProtocolVersion,
  readConnack,
  readServerDisconnect,
  readSuback,
  readUnsuback,
  writeDisconnect,
  writePingRequest,
} from '../src/index.js'
import { bytes, packetId, runs, text, version } from './arbitraries.js'
import { hex, parsedByReference, readAll, written } from './reference.js'

const connackCodes = [0, 0x80, 0x81, 0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x95, 0x97, 0x9a, 0x9c, 0x9f]
const subackCodes = [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]
const unsubackCodes = [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]
const disconnectCodes = [
  0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x93, 0x98, 0x9c, 0xa0, 0xa2,
]

const reference = (packet: object, protocolVersion: ProtocolVersion): Uint8Array =>
  new Uint8Array(generate(packet as Packet, { protocolVersion }))

const fourBytes = fc.integer({ min: 1, max: 4_294_967_295 })
const twoBytes = fc.integer({ min: 1, max: 65_535 })
const word = text.filter((value) => value !== '')
const userProperties = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), word), {
  minLength: 1,
  maxLength: 3,
})
const connackProperties = fc.record(
  {
    sessionExpiryInterval: fourBytes,
    receiveMaximum: twoBytes,
    maximumQoS: fc.constantFrom(0, 1),
    retainAvailable: fc.boolean(),
    maximumPacketSize: fourBytes,
    assignedClientIdentifier: word,
    topicAliasMaximum: twoBytes,
    reasonString: word,
    userProperties,
    wildcardSubscriptionAvailable: fc.boolean(),
    subscriptionIdentifiersAvailable: fc.boolean(),
    sharedSubscriptionAvailable: fc.boolean(),
    serverKeepAlive: twoBytes,
    responseInformation: word,
    serverReference: word,
    authenticationMethod: word,
    authenticationData: bytes.filter(({ length }) => length > 0),
  },
  { requiredKeys: [] },
)

/** Groups user properties as mqtt-packet has them, and converts bytes. */
function toReference(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { userProperties: pairs, authenticationData, ...rest } = properties
  const groups: Record<string, string[]> = {}
  for (const [name, value] of (pairs ?? []) as readonly (readonly [string, string])[])
    (groups[name] ??= []).push(value)
  return {
    ...rest,
    ...(authenticationData !== undefined && {
      authenticationData: Buffer.from(authenticationData as Uint8Array),
    }),
    ...(pairs !== undefined && { userProperties: groups }),
  }
}

/** Sorts user properties by name, since mqtt-packet writes those of one name together. */
function sortedPairs(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const pairs = properties['userProperties'] as readonly (readonly [string, string])[] | undefined
  if (pairs === undefined) return properties
  const names = [...new Set(pairs.map(([name]) => name))]
  return {
    ...properties,
    userProperties: names.flatMap((name) => pairs.filter(([other]) => other === name)),
  }
}

describe('CONNACK', () => {
  it('is read with all properties as mqtt-packet writes it', () => {
    fc.assert(
      fc.property(
        connackProperties,
        fc.constantFrom(...connackCodes),
        fc.boolean(),
        (sent, code, present) => {
          const sessionPresent = present && code === 0
          const packet = { cmd: 'connack', reasonCode: code, sessionPresent, properties: toReference(sent) }
          const read = readAll([reference(packet, 5)], (_, body) => readConnack(body, 5))
          expect(read).toEqual([{ sessionPresent, reasonCode: code, properties: sortedPairs(sent) }])
        },
      ),
      runs(300),
    )
  })

  it('is read with the return code of MQTT 3.1.1', () => {
    for (const returnCode of [0, 1, 2, 3, 4, 5]) {
      const sent = reference({ cmd: 'connack', returnCode, sessionPresent: false }, 4)
      expect(readAll([sent], (_, body) => readConnack(body, 4))).toEqual([
        { sessionPresent: false, reasonCode: returnCode, properties: {} },
      ])
    }
  })

  it('is read if a server without MQTT 5 refuses the protocol version with a CONNACK of MQTT 3.1.1', () => {
    expect(readConnack(new Cursor().open(hex('00 01')), 5)).toEqual({
      sessionPresent: false,
      reasonCode: 1,
      properties: {},
    })
  })

  it('is read with a Receive Maximum of 0, which options may override, and checks what follows', () => {
    expect(readConnack(new Cursor().open(hex('00 00 03 210000')), 5).properties).toEqual({
      receiveMaximum: 0,
    })
    expect(() => readConnack(new Cursor().open(hex('00 00 05 210000 2502')), 5)).toThrow(
      /Retain Available is 2/,
    )
  })

  it.each<[string, string, ProtocolVersion, string]>([
    ['reserved flags', '02 00 00', 5, 'reserved Connect Acknowledge Flags are set [MQTT-3.2.2-1]'],
    ['Session Present in a refusal', '01 87 00', 5, '[MQTT-3.2.2-6]'],
    [
      'an unknown reason code',
      '00 8b 00',
      5,
      'server shutting down (0x8b): this packet may not have it [MQTT-3.2.2-8]',
    ],
    ['a return code of MQTT 3.1.1 with properties', '00 05 00', 5, '[MQTT-3.2.2-8]'],
    ['an unknown return code', '00 06', 4, '[MQTT-3.2.2-8]'],
    ['bytes after the return code', '00 00 00', 4, 'bytes follow the return code'],
    ['no Property Length', '00 00', 5, 'ends within a field'],
    ['bytes after the properties', '00 00 00 00', 5, 'bytes follow the properties'],
    ['a property twice', '00 00 06 130001 130001', 5, 'Server Keep Alive is sent twice'],
    ['a property of PUBLISH', '00 00 03 230001', 5, 'Topic Alias) is not allowed'],
    ['a Maximum QoS of 2', '00 00 02 2402', 5, 'Maximum QoS is 2: it must be 0 or 1'],
    ['a Maximum Packet Size of 0', '00 00 05 2700000000', 5, 'Maximum Packet Size is 0'],
    ['a client identifier that is not UTF-8', '00 00 04 120001ff', 5, '[MQTT-1.5.4-1]'],
    ['U+0000 in a User Property', '00 00 06 26 000100 0000', 5, '[MQTT-1.5.4-2]'],
  ])('is rejected with %s', (_, body, protocolVersion, rule) => {
    expect(() => readConnack(new Cursor().open(hex(body)), protocolVersion)).toThrow(rule)
  })
})

describe('SUBACK and UNSUBACK', () => {
  it('are read as mqtt-packet writes them, with their reason codes in order', () => {
    const codes = fc.array(fc.constantFrom(...subackCodes), { minLength: 1, maxLength: 10 })
    const others = fc.array(fc.constantFrom(...unsubackCodes), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(codes, others, packetId, word, (granted, removed, messageId, reasonString) => {
        const properties = { reasonString }
        const suback = reference({ cmd: 'suback', messageId, granted, properties }, 5)
        expect(readAll([suback], (_, body) => readSuback(body, 5))).toEqual([
          { packetId: messageId, reasonCodes: granted },
        ])
        const unsuback = reference({ cmd: 'unsuback', messageId, granted: removed, properties }, 5)
        expect(readAll([unsuback], (_, body) => readUnsuback(body, 5))).toEqual([
          { packetId: messageId, reasonCodes: removed },
        ])
      }),
      runs(200),
    )
  })

  it('are read as MQTT 3.1.1 has them, UNSUBACK without reason codes', () => {
    expect(readSuback(new Cursor().open(hex('0001 00 02 80')), 4)).toEqual({
      packetId: 1,
      reasonCodes: [0, 2, 0x80],
    })
    expect(readUnsuback(new Cursor().open(hex('0001')), 4)).toEqual({ packetId: 1 })
  })

  it.each<[string, typeof readSuback, string, ProtocolVersion, string]>([
    ['SUBACK with Packet Identifier 0', readSuback, '0000 00 00', 5, '[MQTT-2.2.1-3]'],
    ['SUBACK without a reason code', readSuback, '0001 00', 5, 'no reason code'],
    ['SUBACK with a code of PUBACK', readSuback, '0001 00 10', 5, '[MQTT-3.9.3-2]'],
    ['SUBACK with a code of MQTT 5', readSuback, '0001 87', 4, '[MQTT-3.9.3-2]'],
    ['SUBACK with a Subscription Identifier', readSuback, '0001 02 0b01 00', 5, 'Subscription Identifier'],
    ['UNSUBACK with Packet Identifier 0', readUnsuback, '0000', 4, '[MQTT-2.2.1-3]'],
    ['UNSUBACK with a body', readUnsuback, '0001 00', 4, 'bytes follow the Packet Identifier'],
    ['UNSUBACK without a reason code', readUnsuback, '0001 00', 5, 'no reason code'],
    ['UNSUBACK with a code of SUBACK', readUnsuback, '0001 00 01', 5, '[MQTT-3.11.3-2]'],
  ])('rejects %s', (_, read, body, protocolVersion, rule) => {
    expect(() => read(new Cursor().open(hex(body)), protocolVersion)).toThrow(rule)
  })
})

describe('DISCONNECT', () => {
  it('of a server is read as mqtt-packet writes it', () => {
    const properties = fc.record({ reasonString: word, serverReference: word }, { requiredKeys: [] })
    fc.assert(
      fc.property(properties, fc.constantFrom(...disconnectCodes), (sent, reasonCode) => {
        const bytes = reference({ cmd: 'disconnect', reasonCode, properties: sent }, 5)
        expect(readAll([bytes], (_, body) => readServerDisconnect(body, 5))).toEqual([
          { reasonCode, properties: sent },
        ])
      }),
      runs(200),
    )
  })

  it.each<[string, string, number]>([
    ['no body', '', 0],
    ['a reason code alone', '8e', 0x8e],
  ])('of a server is read with %s', (_, body, reasonCode) => {
    expect(readServerDisconnect(new Cursor().open(hex(body)), 5)).toEqual({ reasonCode, properties: {} })
  })

  it.each<[string, string, ProtocolVersion, string]>([
    ['in MQTT 3.1.1', '', 4, 'may not send DISCONNECT'],
    ['with the code of a client', '04', 5, '[MQTT-3.14.2-1]'],
    ['with a Session Expiry Interval', '00 05 1100000001', 5, 'Session Expiry Interval) is not allowed'],
    ['with bytes after the properties', '00 00 00', 5, 'bytes follow the properties'],
  ])('of a server is rejected %s', (_, body, protocolVersion, rule) => {
    expect(() => readServerDisconnect(new Cursor().open(hex(body)), protocolVersion)).toThrow(rule)
  })

  it('of a client is read by mqtt-packet, in its shortest form', () => {
    const shortest = written((to) => writeDisconnect(to, { reasonCode: 0 }, 5))
    expect([...shortest]).toEqual([0xe0, 0])
    for (const sessionExpiryInterval of [undefined, 0, 4_294_967_295]) {
      const packet = {
        reasonCode: 0x82,
        ...(sessionExpiryInterval !== undefined && { sessionExpiryInterval }),
      }
      const [parsed] = parsedByReference(
        written((to) => writeDisconnect(to, packet, 5)),
        5,
      )
      expect(parsed).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 })
      expect((parsed as { properties?: object }).properties ?? {}).toEqual(
        sessionExpiryInterval === undefined ? {} : { sessionExpiryInterval },
      )
    }
    const old = written((to) => writeDisconnect(to, { reasonCode: 0, sessionExpiryInterval: 0 }, 4))
    expect([...old]).toEqual([0xe0, 0])
  })
})

describe('PINGREQ and PINGRESP', () => {
  it('have no body', () => {
    expect(parsedByReference(written(writePingRequest), 5)).toMatchObject([{ cmd: 'pingreq' }])
    expect(() => checkPingResponse(new Cursor().open(hex('')))).not.toThrow()
    expect(() => checkPingResponse(new Cursor().open(hex('00')))).toThrow('PINGRESP has a body')
  })
})

describe('packets of a connection beside mqtt-packet 9', () => {
  const readers = {
    0x20: readConnack,
    0x90: readSuback,
    0xb0: readUnsuback,
    0xe0: readServerDisconnect,
  } as const
  const firstByte = fc.constantFrom<keyof typeof readers>(0x20, 0x90, 0xb0, 0xe0)

  it('throws nothing but a PacketError with a statement on any bytes, and accepts nothing that mqtt-packet rejects', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.tuple(fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 8 })).map(([first, rest]) => {
        const properties = Uint8Array.from(rest)
        return Uint8Array.from([0, first, properties.length, ...properties])
      }),
    )
    fc.assert(
      fc.property(firstByte, body, version, (first, content, protocolVersion) => {
        const packet = Uint8Array.from([first, content.length, ...content])
        try {
          readAll([packet], (_, cursor) => readers[first](cursor, protocolVersion))
        } catch (error) {
          expect(error).toBeInstanceOf(PacketError)
          expect((error as Error).message).toMatch(/\[MQTT-\d/)
          return
        }
        expect(parsedByReference(packet, protocolVersion)).toHaveLength(1)
      }),
      runs(3_000),
    )
  })
})
