import fc from 'fast-check'
import type { IPublishPacket, Packet } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import type { Cursor } from '../src/index.js'
import {
  PacketError,
  type ProtocolVersion,
  readAcknowledgement,
  readPublish,
  readSubscribe,
  readUnsubscribe,
  writeSubscribe,
} from '../src/index.js'
import { message, packetId, runs, version } from './arbitraries.js'
import {
  encoded,
  generatedByReference,
  hex,
  parsedByReference,
  readAll,
  toReferenceProperties,
  written,
} from './reference.js'

/** What a packet means, in the terms of mqtt-packet. */
type Meaning = Readonly<Record<string, unknown>>

/** Reads one packet with this package; throws on any rule that it breaks. */
function meaningOf(firstByte: number, body: Cursor, version: ProtocolVersion): Meaning {
  if (firstByte >> 4 === 3) return publishMeaning(firstByte, body, version)
  if (firstByte === 0x82) {
    const { packetId: messageId, identifier, subscriptions } = readSubscribe(body, version)
    return {
      messageId,
      subscriptions: subscriptions.map(({ filter, qos }) => ({ topic: filter, qos })),
      ...(identifier !== undefined && { properties: { subscriptionIdentifier: identifier } }),
    }
  }
  if (firstByte === 0xa2) {
    const { packetId: messageId, filters } = readUnsubscribe(body, version)
    return { messageId, unsubscriptions: filters }
  }
  const { packetId: messageId, reasonCode } = readAcknowledgement(firstByte, body, version)
  return { messageId, ...(version === 5 && { reasonCode }) }
}

function publishMeaning(firstByte: number, body: Cursor, version: ProtocolVersion): Meaning {
  const { message, packetId, alias, fault } = readPublish(firstByte, body, version)
  if (fault !== undefined) throw fault
  const { topic, payload, qos, retain, dup, subscriptionIdentifiers: ids, ...properties } = message
  return {
    ...{ topic, payload: Buffer.from(payload), qos, retain, dup },
    ...(qos > 0 && { messageId: packetId }),
    ...(version === 5 && {
      properties: {
        ...toReferenceProperties({ topic, payload, ...properties }),
        ...(alias > 0 && { topicAlias: alias }),
        ...(ids && { subscriptionIdentifier: ids.length === 1 ? ids[0] : ids }),
      },
    }),
  }
}

/** Whether mqtt-packet reads the bytes as one packet. */
function isAcceptedByReference(bytes: Uint8Array, version: ProtocolVersion): boolean {
  try {
    return parsedByReference(bytes, version).length === 1
  } catch {
    return false
  }
}

const read = (bytes: Uint8Array, version: ProtocolVersion): Meaning[] =>
  readAll([bytes], (firstByte, body) => meaningOf(firstByte, body, version))

/** Valid packets of the types that are read here. */
const packets = fc
  .tuple(message, packetId, version, fc.nat(5))
  .map(([sent, id, version, kind]): readonly [Uint8Array, ProtocolVersion] => {
    const [high, low] = [id >> 8, id & 0xff]
    const { topic, qos } = sent
    const subscription = { filter: topic, qos, noLocal: sent.retain, retainAsPublished: false } as const
    if (kind > 2) return [encoded(sent, id, version), version]
    if (kind === 0) return [Uint8Array.of(0x40, 4, high, low, 0x10, 0), 5]
    if (kind === 1) return [Uint8Array.of(0x62, 9, high, low, 0x92, 5, 0x1f, 0, 2, 0x61, 0x62), 5]
    const subscriptions = [{ ...subscription, retainHandling: 1 as const }]
    return [
      written((to) => writeSubscribe(to, { packetId: id, identifier: 7, subscriptions }, version)),
      version,
    ]
  })

/** Changes of a packet: bytes in place of others, most of them where a length, a flag or an identifier is. */
const changes = fc.array(
  fc.tuple(
    fc.oneof(fc.nat(30), fc.nat(600)),
    fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 8, 0x0b, 0x23, 0x26, 0x7f, 0x80, 0xff)),
  ),
  { minLength: 1, maxLength: 4 },
)

/** Applies changes behind the fixed header, so that the packet stays one packet. */
function changed(bytes: Uint8Array, list: readonly (readonly [number, number])[]): Uint8Array {
  const copy = bytes.slice()
  const bodyStart = 1 + copy.findIndex((byte, index) => index > 0 && byte < 0x80)
  for (const [at, byte] of list) {
    const index = bodyStart + (at % Math.max(1, copy.length - bodyStart))
    if (index < copy.length) copy[index] = byte
  }
  return copy
}

describe('beside mqtt-packet 9', () => {
  it('reads the PUBLISH packets that mqtt-packet writes', () => {
    const aliases = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined })
    fc.assert(
      fc.property(message, packetId, version, aliases, (sent, id, version, topicAlias) => {
        const bytes = generatedByReference(sent, id, version, topicAlias === undefined ? {} : { topicAlias })
        const [publish] = readAll([bytes], (firstByte, body) => readPublish(firstByte, body, version))
        expect(publish?.fault).toBeUndefined()
        const alias = version === 5 ? topicAlias : undefined
        expect(publish).toMatchObject({ packetId: sent.qos > 0 ? id : 0, alias: alias ?? 0 })
        const [parsed] = parsedByReference(bytes, version) as IPublishPacket[]
        const meaning = read(bytes, version)[0]
        expect(parsed).toMatchObject(withoutProperties(meaning))
        expect(parsed?.properties ?? {}).toEqual(meaning?.['properties'] ?? {})
      }),
      runs(300),
    )
  })

  it('is read by mqtt-packet: PUBLISH packets that this package writes', () => {
    fc.assert(
      fc.property(message, packetId, version, (sent, id, version) => {
        const [parsed] = parsedByReference(encoded(sent, id, version), version) as IPublishPacket[]
        const { topic, payload, qos, retain } = sent
        expect(parsed).toMatchObject({ topic, qos, retain, payload: Buffer.from(payload) })
        expect(parsed?.properties ?? {}).toEqual(version === 5 ? toReferenceProperties(sent) : {})
      }),
      runs(300),
    )
  })

  it('accepts no changed packet that mqtt-packet rejects, and reads the same out of the others', () => {
    fc.assert(
      fc.property(packets, changes, ([valid, version], list) => {
        const bytes = changed(valid, list)
        let meanings: Meaning[]
        try {
          meanings = read(bytes, version)
        } catch (error) {
          // Strictness has a number: each error names the statement that the bytes break.
          expect(error).toBeInstanceOf(PacketError)
          expect((error as Error).message).toMatch(/\[MQTT-\d/)
          return
        }
        const parsed = parsedByReference(bytes, version)
        expect(parsed).toHaveLength(meanings.length)
        for (const [index, meaning] of meanings.entries()) expectSame(parsed[index], meaning)
      }),
      runs(3_000),
    )
  })

  it('throws nothing but a PacketError on any bytes, in any chunks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x30, 0x32, 0x35, 0x40, 0x50, 0x62, 0x70, 0x82, 0xa2),
        fc.uint8Array({ maxLength: 60 }),
        version,
        (firstByte, body, version) => {
          try {
            read(Uint8Array.from([firstByte, body.length, ...body]), version)
          } catch (error) {
            expect(error).toBeInstanceOf(PacketError)
          }
        },
      ),
      runs(3_000),
    )
  })
})

describe('stricter than mqtt-packet 9, which accepts these', () => {
  it.each<[statement: string, what: string, packet: string]>([
    ['MQTT-1.5.4-1', 'a Topic Name that is not UTF-8', '30 04 0001ff 00'],
    ['MQTT-1.5.4-1', 'a Content Type with a surrogate', '30 0a 000161 06 030003eda080'],
    ['MQTT-1.5.4-2', 'a Topic Name with U+0000', '30 04 000100 00'],
    ['MQTT-1.5.4-2', 'a User Property with U+0000', '30 0a 000161 06 26000100 0000'],
    ['MQTT-1.5.5-1', 'a Property Length that is not in the fewest bytes', '30 05 000161 8000'],
    ['MQTT-1.5.5-1', 'a Remaining Length that is not in the fewest bytes', '30 8400 000161 00'],
    ['MQTT-2.2.1-3', 'Packet Identifier 0 in PUBLISH', '32 06 000161 0000 00'],
    ['MQTT-2.2.1-3', 'Packet Identifier 0 in PUBACK', '40 02 0000'],
    ['MQTT-2.2.1-3', 'Packet Identifier 0 in SUBSCRIBE', '82 07 0000 00 000161 00'],
    ['MQTT-3.3.2-8', 'Topic Alias 0', '30 07 000161 03 230000'],
    ['MQTT-4.13.1-1', 'Payload Format Indicator twice', '30 08 000161 04 01000101'],
    ['MQTT-4.13.1-1', 'a property of CONNECT in PUBLISH', '30 07 000161 03 210001'],
    ['MQTT-4.13.1-1', 'Subscription Identifier 0', '30 06 000161 02 0b00'],
    ['MQTT-4.13.1-1', 'bytes after the properties of PUBACK', '40 05 0001 00 00 ff'],
  ])('[%s]: rejects %s', (statement, _, packet) => {
    const bytes = hex(packet)
    expect(isAcceptedByReference(bytes, 5)).toBe(true)
    expect(() => read(bytes, 5)).toThrow(`[${statement}]`)
  })
})

function expectSame(parsed: Packet | undefined, meaning: Meaning): void {
  expect(parsed).toMatchObject(withoutProperties(meaning))
  if (parsed?.cmd === 'publish' || parsed?.cmd === 'subscribe')
    expect(parsed.properties ?? {}).toEqual(meaning['properties'] ?? {})
}

function withoutProperties({ properties: _properties, ...rest }: Meaning = {}): Meaning {
  return rest
}
