import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AliasUse,
  Cursor,
  decodePublishProperties,
  encodeTemplate,
  expiryOffsetOf,
  PacketError,
  PropertyContext,
  publishSize,
  readPropertySection,
  readPublish,
  shapeKey,
  writePublishProperties,
} from '../src/index.js'
import { message, packetId, runs, text, version } from './arbitraries.js'
import {
  chunked,
  encoded,
  hex,
  parsedByReference,
  readAll,
  toReferenceProperties,
  written,
} from './reference.js'

const publishIn = (digits: string, version: 4 | 5 = 5) =>
  readAll([hex(digits)], (firstByte, body) => readPublish(firstByte, body, version))[0]

describe('readPublish', () => {
  it('reads the messages that writePublish has written, from chunks of any size', () => {
    const sizes = fc.integer({ min: 1, max: 400 })
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), packetId, sizes, (sent, id, size) => {
        const stream = Uint8Array.from(sent.flatMap((one) => [...encoded(one, id, 5)]))
        const received = readAll(chunked(stream, size), (firstByte, body) => readPublish(firstByte, body, 5))
        expect(received).toEqual(
          sent.map((one) => ({
            message: { ...one, dup: false },
            packetId: one.qos > 0 ? id : 0,
            alias: 0,
            fault: undefined,
          })),
        )
      }),
      runs(300),
    )
  })

  it('reads the flags, and no properties in MQTT 3.1.1', () => {
    const expected = { topic: 'a', qos: 2, retain: true, dup: true, payload: hex('0061') }
    expect(publishIn('3d 07 0001 61 0102 0061', 4)).toMatchObject({ message: expected, packetId: 0x0102 })
  })

  it('reads a Topic Alias and Subscription Identifiers', () => {
    const { message, alias, fault } = publishIn('30 0b 0000 08 230005 0b01 0b8001') ?? {}
    expect(fault).toBeUndefined()
    expect(alias).toBe(5)
    expect(message).toMatchObject({ topic: '', subscriptionIdentifiers: [1, 128] })
  })

  it.each([
    ['QoS 3 [MQTT-3.3.1-4]', '36 06 000161 0001 00', 'QoS bits of PUBLISH are set [MQTT-3.3.1-4]'],
    ['Packet Identifier 0 [MQTT-2.2.1-3]', '32 06 000161 0000 00', 'Identifier is 0 [MQTT-2.2.1-3]'],
    ['a topic longer than the packet', '30 04 0009 6100', 'ends within a field [MQTT-4.13.1-1]'],
    ['no topic', '30 00', 'ends within a field'],
    ['no Property Length', '30 03 000161', 'ends within a field'],
    ['properties longer than the packet', '30 04 000161 09', 'exceeds the packet'],
    [
      'a property longer than the Property Length',
      '30 08 000161 02 230001 78',
      'exceeds the Property Length',
    ],
    ['an unknown property', '30 05 000161 01 7f', 'property 0x7f (unknown) is not allowed'],
    ['a property identifier above 127', '30 06 000161 02 8001', 'property 0x80 (unknown) is not allowed'],
    ['a property of CONNECT', '30 07 000161 03 210001', 'property 0x21 (Receive Maximum) is not allowed'],
    [
      'a Property Length in too many bytes [MQTT-1.5.5-1]',
      '30 05 000161 8000',
      'fewest bytes [MQTT-1.5.5-1]',
    ],
  ])('rejects a PUBLISH with %s', (_, digits, text) => {
    expect(() => publishIn(digits)).toThrow(PacketError)
    expect(() => publishIn(digits)).toThrow(text)
  })

  it.each([
    ['a topic that is not UTF-8 [MQTT-1.5.4-1]', '30 04 0001 ff 00', 'Topic Name is not UTF-8'],
    [
      'a topic with U+0000 [MQTT-1.5.4-2]',
      '30 05 0002 6100 00',
      'Topic Name is not UTF-8 or contains U+0000',
    ],
    ['a Content Type that is not UTF-8', '30 08 000161 04 030001ff', 'Content Type is not UTF-8'],
    ['a Response Topic with a surrogate', '30 0a 000161 06 080003eda080', 'Response Topic is not UTF-8'],
    [
      'the name of a User Property with U+0000',
      '30 0a 000161 06 26000100 0000',
      'User Property is not UTF-8',
    ],
    ['a flag above 1', '30 06 000161 02 0102', 'Payload Format Indicator is 2: it must be 0 or 1'],
    ['a repeated property', '30 08 000161 04 0100 0101', 'Payload Format Indicator is sent twice'],
    ['Topic Alias 0 [MQTT-3.3.2-8]', '30 07 000161 03 230000', 'Topic Alias is 0 [MQTT-3.3.2-8]'],
    ['Subscription Identifier 0', '30 06 000161 02 0b00', 'Subscription Identifier is 0'],
  ])('reads a PUBLISH with %s, and reports the fault', (_, digits, text) => {
    const { fault, message } = publishIn(digits) ?? {}
    expect(fault?.message).toContain(text)
    expect(message?.payload).toHaveLength(0)
  })
})

describe('publishSize', () => {
  it('returns the size of what writePublish writes', () => {
    fc.assert(
      fc.property(message, packetId, version, (sent, id, protocolVersion) => {
        expect(publishSize(sent, protocolVersion)).toBe(encoded(sent, id, protocolVersion).length)
      }),
      runs(300),
    )
  })

  it.each([
    [127 - 3, 2],
    [128 - 3, 3],
    [16_383 - 3, 3],
    [16_384 - 3, 4],
    [2_097_151 - 3, 4],
    [2_097_152 - 3, 5],
  ])('counts for a payload of %i bytes a fixed header of %i', (size, header) => {
    const payload = new Uint8Array(size)
    expect(publishSize({ topic: 't', payload, qos: 0 }, 4)).toBe(header + 3 + size)
  })

  it('counts a Packet Identifier for a message without qos, which is sent at QoS 1', () => {
    const sent = { topic: 't', payload: new Uint8Array() }
    expect(publishSize(sent, 4)).toBe(7)
    expect(parsedByReference(encoded(sent, 9, 4), 4)).toMatchObject([{ qos: 1, messageId: 9 }])
  })
})

describe('writePublishProperties', () => {
  it('writes what decodePublishProperties and readPropertySection read, with the expiry at its offset', () => {
    fc.assert(
      fc.property(
        message,
        ({ topic: _topic, payload: _payload, qos: _qos, retain: _retain, ...properties }) => {
          const bytes = written((to) => writePublishProperties(to, properties))
          expect(decodePublishProperties(bytes)).toEqual(properties)
          const whole = written((to) => {
            to.variableByteInteger(bytes.length)
            to.raw(bytes)
          })
          const section = readPropertySection(new Cursor().open(whole), PropertyContext.publishToServer)
          const { start, end, expiryOffset, messageExpiryInterval } = section
          expect([start, end]).toEqual([whole.length - bytes.length, whole.length])
          expect(expiryOffset < 0 ? -1 : expiryOffset - start).toBe(expiryOffsetOf(properties))
          expect(messageExpiryInterval).toBe(properties.messageExpiryInterval ?? 0)
        },
      ),
      runs(300),
    )
  })

  it('writes the expiry it is given in place of the one of the message', () => {
    const bytes = written((to) => writePublishProperties(to, { messageExpiryInterval: 60 }, 7))
    expect(bytes).toEqual(hex('02 00000007'))
  })

  it.each([
    ['a string', { contentType: 'x'.repeat(65_536) }],
    ['Binary Data', { correlationData: new Uint8Array(65_536) }],
  ])('throws on %s of 65 536 bytes', (_, properties) => {
    expect(() => written((to) => writePublishProperties(to, properties))).toThrow(
      'cannot encode a field of 65536 bytes: MQTT allows 65535 [MQTT-1.5.4]',
    )
  })

  it('writes strings of 65 535 bytes', () => {
    const contentType = 'ä'.repeat(32_767) + 'x'
    const bytes = written((to) => writePublishProperties(to, { contentType }))
    expect(decodePublishProperties(bytes)).toEqual({ contentType })
  })
})

describe('readPropertySection', () => {
  const { publishToServer, connect, disconnect, will, acknowledgement } = PropertyContext
  const sectionOf = (digits: string, context: number) =>
    readPropertySection(new Cursor().open(hex(digits)), context)

  it('returns the offsets of the properties that a server acts upon', () => {
    expect(
      sectionOf('0f 260001610001 62 230007 02 0000003c'.replaceAll(' ', ''), publishToServer),
    ).toMatchObject({
      start: 1,
      end: 16,
      aliasOffset: 8,
      alias: 7,
      expiryOffset: 12,
      messageExpiryInterval: 60,
    })
    expect(sectionOf('05 18 00000001', will).willDelayOffset).toBe(1)
    expect(sectionOf('05 11 ffffffff', disconnect).sessionExpiryInterval).toBe(0xffffffff)
    expect(sectionOf('00', connect).sessionExpiryInterval).toBe(-1)
  })

  it('returns the offset that the expiry has without another property', () => {
    const before = sectionOf('08 230007 02 0000003c', publishToServer)
    expect(before.expiryOffsetWithout(before.aliasOffset, 3)).toBe(1)
    const after = sectionOf('08 02 0000003c 230007', publishToServer)
    expect(after.expiryOffsetWithout(after.aliasOffset, 3)).toBe(1)
    expect(before.expiryOffsetWithout(-1, 3)).toBe(4)
    expect(sectionOf('03 230007', publishToServer).expiryOffsetWithout(1, 3)).toBe(-1)
  })

  it.each<[string, string, number, number]>([
    ['a Subscription Identifier of a client [MQTT-3.3.4-6]', '02 0b01', publishToServer, 0x82],
    ['a Response Topic with a wildcard [MQTT-3.3.2-14]', '06 080003 612f23', publishToServer, 0x82],
    ['a repeated property of the upper half', '06 210001 210001', connect, 0x82],
    ['Receive Maximum 0', '03 210000', connect, 0x82],
    ['Topic Alias 0 [MQTT-3.3.2-8]', '03 230000', publishToServer, 0x94],
    ['a string that is not UTF-8 [MQTT-1.5.4-1]', '04 1f 0001 ff', acknowledgement, 0x81],
    ['a User Property that is not UTF-8', '06 26 0001 ff 0000', acknowledgement, 0x81],
    ['a property of another packet', '05 18 00000001', publishToServer, 0x81],
  ])('throws on %s', (_, digits, context, reasonCode) => {
    expect(() => sectionOf(digits, context)).toThrow(expect.objectContaining({ reasonCode }))
  })
})

describe('encodeTemplate', () => {
  const allocate = (size: number): Uint8Array => new Uint8Array(size)
  const uses = fc.constantFrom(AliasUse.none, AliasUse.define, AliasUse.only)
  const identifierLists = fc.option(fc.array(fc.integer({ min: 1, max: 268_435_455 }), { maxLength: 3 }))

  it('encodes PUBLISH packets that mqtt-packet reads back when their fields are patched', () => {
    fc.assert(
      fc.property(
        message,
        version,
        fc.boolean(),
        uses,
        identifierLists,
        (sent, version, hasId, use, identifiers) => {
          const isV5 = version === 5
          const aliasUse = isV5 ? use : AliasUse.none
          const ids = isV5 && identifiers?.length !== 0 ? identifiers : null
          const properties = written((to) => writePublishProperties(to, sent))
          const parts = {
            topic: sent.topic,
            payload: sent.payload,
            properties,
            expiryOffset: expiryOffsetOf(sent),
          }
          const template = encodeTemplate(parts, shapeKey(version, hasId, aliasUse), ids, allocate)
          const { bytes, packetIdOffset, expiryOffset, aliasOffset } = template
          const view = new DataView(bytes.buffer)
          if (hasId) bytes[0] = 0x32
          if (packetIdOffset >= 0) view.setUint16(packetIdOffset, 500)
          if (expiryOffset >= 0) view.setUint32(expiryOffset, 77)
          if (aliasOffset >= 0) view.setUint16(aliasOffset, 3)
          expect(template.size).toBe(bytes.length)
          expect(template.tail).toBeNull()
          const expected = {
            ...toReferenceProperties(sent),
            ...(sent.messageExpiryInterval !== undefined && { messageExpiryInterval: 77 }),
            ...(aliasUse !== AliasUse.none && { topicAlias: 3 }),
            ...(ids && { subscriptionIdentifier: ids.length === 1 ? ids[0] : ids }),
          }
          const [packet] = parsedByReference(bytes, version)
          expect(packet).toMatchObject({
            topic: aliasUse === AliasUse.only ? '' : sent.topic,
            payload: Buffer.from(sent.payload),
            ...(hasId && { messageId: 500 }),
          })
          expect((packet as { properties?: object }).properties ?? {}).toEqual(isV5 ? expected : {})
        },
      ),
      runs(300),
    )
  })

  it('leaves a payload above 4096 bytes to be written by reference', () => {
    const payload = new Uint8Array(4_097)
    const parts = { topic: 't', payload, properties: new Uint8Array(), expiryOffset: -1 }
    const template = encodeTemplate(parts, shapeKey(5, false, AliasUse.none), null, allocate)
    expect(template.tail).toBe(payload)
    expect(template.size).toBe(template.bytes.length + payload.length)
  })

  it('counts the bytes of a topic in UTF-8', () => {
    fc.assert(
      fc.property(text, (topic) => {
        const parts = { topic, payload: new Uint8Array(), properties: new Uint8Array(), expiryOffset: -1 }
        const { bytes } = encodeTemplate(parts, shapeKey(4, false, AliasUse.none), null, allocate)
        expect(parsedByReference(bytes, 4)).toMatchObject([{ topic }])
      }),
      runs(100),
    )
  })
})
