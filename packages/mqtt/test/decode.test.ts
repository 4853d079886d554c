import type { Message, QoS } from '@antiphon/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeAcknowledgement, decodePublish, type ReceivedPublish } from '../src/decode.js'
import { encodeAcknowledgement, encodePublish } from '../src/encode.js'
import { Framer } from '../src/framer.js'
import { PacketBytes } from '../src/packet-bytes.js'

const numRuns = Number(process.env['ANTIPHON_FC_RUNS'] ?? 300)

const text = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((value) => !value.includes('\0'))
const bytes = fc.uint8Array({ maxLength: 300 })
const message = fc
  .tuple(
    fc.record({
      topic: fc.oneof(fc.constantFrom('a', 'a/b', 'c/b'), text),
      payload: bytes,
      qos: fc.constantFrom<QoS>(0, 1, 2),
      retain: fc.boolean(),
    }),
    fc.record(
      {
        payloadFormatIndicator: fc.boolean(),
        messageExpiryInterval: fc.integer({ min: 1, max: 4_294_967_295 }),
        contentType: text,
        responseTopic: text,
        correlationData: bytes,
        userProperties: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }),
      },
      { requiredKeys: [] },
    ),
    fc.boolean(),
  )
  .map(([plain, properties, dup]): Message => ({ ...plain, ...properties, dup }))

function encoded(sent: Message, id: number, protocolVersion: 4 | 5): Uint8Array {
  const to = new PacketBytes(1)
  const expiry = sent.messageExpiryInterval
  encodePublish(to, sent, { protocolVersion, expiry, isDuplicate: sent.dup, ...(sent.qos > 0 && { id }) })
  to.raw(sent.payload)
  return to.take()
}

/** Decodes the PUBLISH packets in a sequence of chunks. */
function read(chunks: readonly Uint8Array[], protocolVersion: 4 | 5, maximum = Infinity): ReceivedPublish[] {
  const received: ReceivedPublish[] = []
  const framer = new Framer(maximum, (from, bounds) =>
    received.push(decodePublish(from, bounds, protocolVersion)),
  )
  for (const chunk of chunks) framer.append(chunk)
  return received
}

function chunked(whole: Uint8Array, size: number): readonly Uint8Array[] {
  const count = Math.ceil(whole.length / size)
  return Array.from({ length: count }, (_, index) => whole.slice(index * size, (index + 1) * size))
}

it('decodes encoded PUBLISH packets from chunks of any size', () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 65_535 }),
      fc.integer({ min: 1, max: 400 }),
      (sent, id, size) => {
        const stream = Uint8Array.from(sent.flatMap((message) => [...encoded(message, id, 5)]))
        const received = read(chunked(stream, size), 5)
        expect(received.map((publish) => publish.message)).toEqual(sent)
        expect(received.map((publish) => publish.id)).toEqual(sent.map(({ qos }) => (qos > 0 ? id : 0)))
        expect(received.every(({ fault, alias }) => fault === undefined && alias === 0)).toBe(true)
      },
    ),
    { numRuns },
  )
})

it('decodes a PUBLISH of MQTT 3.1.1 without properties', () => {
  fc.assert(
    fc.property(message, ({ topic, payload, qos, retain, dup }) => {
      const sent = { topic, payload, qos, retain, dup }
      expect(read([encoded(sent, 7, 4)], 4).map((publish) => publish.message)).toEqual([sent])
    }),
    { numRuns: numRuns / 10 },
  )
})

it('decodes topics that differ from earlier topics in one character', () => {
  const topics = ['query/Vienna/1', 'query/Vienna/2', 'query/Vienna/1', 'Query/Vienna/1', 'query/vienna/1']
  const packets = topics.map((topic) =>
    encoded({ topic, payload: new Uint8Array(), qos: 0, retain: false, dup: false }, 1, 5),
  )
  expect(read(packets, 5).map((publish) => publish.message.topic)).toEqual(topics)
})

it.each<[what: string, packet: readonly number[], rule: RegExp]>([
  ['QoS 3', [0x36, 6, 0, 1, 0x61, 0, 1, 0], /QoS bits/],
  ['a Packet Identifier of 0', [0x32, 6, 0, 1, 0x61, 0, 0, 0], /Identifier is 0/],
  ['a topic longer than the packet', [0x30, 4, 0, 9, 0x61, 0], /middle of a field/],
  ['properties longer than the packet', [0x30, 4, 0, 1, 0x61, 9], /longer than the packet/],
  [
    'a property longer than the Property Length',
    [0x30, 8, 0, 1, 0x61, 2, 0x23, 0, 1, 0x78],
    /exceeds the Property Length/,
  ],
  ['an unknown property', [0x30, 5, 0, 1, 0x61, 1, 0x7f], /property 0x7f/],
  ['a property of CONNECT', [0x30, 7, 0, 1, 0x61, 3, 0x21, 0, 1], /property 0x21/],
  ['a length without end', [0x30, 0xff, 0xff, 0xff, 0xff, 0xff], /more than four bytes/],
  [
    'more bytes than the Maximum Packet Size',
    [0x30, 100],
    /a packet of 102 bytes: the Maximum Packet Size is 64/,
  ],
])('rejects a PUBLISH with %s', (_, packet, rule) => {
  expect(() => read([Uint8Array.from(packet)], 5, 64)).toThrow(rule)
})

it('decodes acknowledgements in their short form and with a reason code', () => {
  const to = new PacketBytes(16)
  encodeAcknowledgement(to, 'puback', 0x1234)
  encodeAcknowledgement(to, 'puback', 7, 0x10)
  const acknowledgements: unknown[] = []
  new Framer(Infinity, (from, bounds) =>
    acknowledgements.push(decodeAcknowledgement(from, bounds, 'puback')),
  ).append(to.take())
  expect(acknowledgements).toEqual([
    { cmd: 'puback', id: 0x1234, reasonCode: 0 },
    { cmd: 'puback', id: 7, reasonCode: 0x10 },
  ])
})

it('buffers packets while paused, and can be paused again by the handler during resume', () => {
  const firstBytes: number[] = []
  const framer = new Framer(Infinity, (_, { firstByte }) => {
    firstBytes.push(firstByte)
    if (firstByte === 0x20) framer.pause()
  })
  framer.append(Uint8Array.of(0x20, 0, 0xd0, 0, 0x20))
  framer.append(Uint8Array.of(0, 0xd0, 0))
  expect(firstBytes).toEqual([0x20])
  framer.resume()
  expect(firstBytes).toEqual([0x20, 0xd0, 0x20])
  framer.resume()
  expect(firstBytes).toEqual([0x20, 0xd0, 0x20, 0xd0])
})
