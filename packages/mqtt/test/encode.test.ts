import type { OutgoingMessage, QoS } from '@antiphon/core'
import type { SubscribeRequest } from '@antiphon/core/link'
import fc from 'fast-check'
import { type Packet, parser } from 'mqtt-packet'
import { describe, expect, it } from 'vitest'
import { encodeAcknowledgement, encodePublish, encodeSubscribe, encodeUnsubscribe } from '../src/encode.js'
import { PacketBytes } from '../src/packet-bytes.js'

const numRuns = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

/** Parses one packet with an independent parser. */
function parsed(bytes: Uint8Array, protocolVersion: 4 | 5): Packet {
  const packets: Packet[] = []
  const reader = parser({ protocolVersion })
  reader.on('packet', (packet) => packets.push(packet))
  reader.on('error', (error: unknown) => {
    throw error
  })
  reader.parse(Buffer.from(bytes))
  expect(packets).toHaveLength(1)
  return packets[0] as Packet
}

const text = fc.string({ unit: 'grapheme', maxLength: 200 })
const id = fc.integer({ min: 1, max: 65_535 })
const version = fc.constantFrom<4 | 5>(4, 5)
const bytes = fc.uint8Array({ maxLength: 300 })
const properties = fc.record(
  {
    payloadFormatIndicator: fc.boolean(),
    messageExpiryInterval: fc.integer({ min: 1, max: 4_294_967_295 }),
    contentType: text,
    responseTopic: text,
    correlationData: bytes,
    userProperties: fc.array(
      fc.tuple(
        text,
        text.filter((value) => value !== ''),
      ),
      { minLength: 1, maxLength: 5 },
    ),
  },
  { requiredKeys: [] },
)
const message: fc.Arbitrary<OutgoingMessage> = fc
  .tuple(
    fc.record({ topic: text, payload: bytes, qos: fc.constantFrom<QoS>(0, 1, 2), retain: fc.boolean() }),
    properties,
  )
  .map(([plain, more]) => ({ ...plain, ...more }))

describe('encodePublish', () => {
  it('encodes PUBLISH packets that an independent parser reads back', () => {
    fc.assert(
      fc.property(message, id, version, fc.boolean(), (sent, messageId, protocolVersion, isDuplicate) => {
        const to = new PacketBytes(1)
        const expiry = sent.messageExpiryInterval
        encodePublish(to, sent, {
          protocolVersion,
          expiry,
          isDuplicate,
          ...(sent.qos !== 0 && { id: messageId }),
        })
        to.raw(sent.payload)
        const { payloadFormatIndicator, contentType, responseTopic, correlationData, userProperties } = sent
        const sentProperties = {
          payloadFormatIndicator,
          messageExpiryInterval: expiry,
          contentType,
          responseTopic,
          correlationData: correlationData && Buffer.from(correlationData),
          userProperties: userProperties && toGroups(userProperties),
        }
        const expected = Object.fromEntries(
          Object.entries(sentProperties).filter(([, value]) => value !== undefined),
        )
        const received = parsed(to.take(), protocolVersion)
        expect(received).toMatchObject({
          cmd: 'publish',
          topic: sent.topic,
          qos: sent.qos,
          retain: sent.retain,
          dup: isDuplicate,
          payload: Buffer.from(sent.payload),
          ...(sent.qos !== 0 && { messageId }),
        })
        const properties = 'properties' in received ? (received.properties ?? {}) : {}
        expect(properties).toEqual(protocolVersion === 5 ? expected : {})
      }),
      { numRuns },
    )
  })

  it('encodes a message without qos at QoS 1', () => {
    const to = new PacketBytes(64)
    encodePublish(to, { topic: 'a', payload: new Uint8Array() }, { protocolVersion: 4, id: 1 })
    expect(parsed(to.take(), 4)).toMatchObject({ qos: 1, messageId: 1 })
  })
})

const request: fc.Arbitrary<SubscribeRequest> = fc.record({
  filter: text.filter((value) => value !== ''),
  qos: fc.constantFrom<QoS>(0, 1, 2),
  noLocal: fc.boolean(),
  retainAsPublished: fc.boolean(),
  retainHandling: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
})

describe('encodeSubscribe and encodeUnsubscribe', () => {
  it('encodes SUBSCRIBE and UNSUBSCRIBE packets that an independent parser reads back', () => {
    const identifiers = fc.option(fc.integer({ min: 1, max: 268_435_455 }), { nil: undefined })
    const requestLists = fc.array(request, { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(
        requestLists,
        id,
        version,
        identifiers,
        (requests, messageId, protocolVersion, identifier) => {
          const to = new PacketBytes(1)
          encodeSubscribe(to, messageId, requests, { protocolVersion, identifier })
          expect(parsed(to.take(), protocolVersion)).toMatchObject({
            cmd: 'subscribe',
            messageId,
            subscriptions: requests.map(({ filter, qos, noLocal, retainAsPublished, retainHandling }) =>
              protocolVersion === 5
                ? { topic: filter, qos, nl: noLocal, rap: retainAsPublished, rh: retainHandling }
                : { topic: filter, qos },
            ),
            ...(protocolVersion === 5 &&
              identifier !== undefined && { properties: { subscriptionIdentifier: identifier } }),
          })
          const filters = requests.map(({ filter }) => filter)
          encodeUnsubscribe(to, messageId, filters, protocolVersion)
          expect(parsed(to.take(), protocolVersion)).toMatchObject({
            cmd: 'unsubscribe',
            messageId,
            unsubscriptions: filters,
          })
        },
      ),
      { numRuns },
    )
  })
})

describe('encodeAcknowledgement', () => {
  it.each(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const)(
    'encodes a successful %s in its short form',
    (type) => {
      const to = new PacketBytes(1)
      encodeAcknowledgement(to, type, 65_535)
      expect(to.length).toBe(4)
      expect(parsed(to.take(), 5)).toMatchObject({ cmd: type, messageId: 65_535, reasonCode: 0 })
    },
  )

  it('encodes an acknowledgement with a reason code', () => {
    const to = new PacketBytes(1)
    encodeAcknowledgement(to, 'pubrel', 1, 0x92)
    expect(parsed(to.take(), 5)).toMatchObject({ cmd: 'pubrel', messageId: 1, reasonCode: 0x92 })
  })
})

function toGroups(pairs: readonly (readonly [string, string])[]): Record<string, string | string[]> {
  const groups: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  for (const [name, value] of pairs) {
    const earlier = groups[name]
    groups[name] =
      earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value]
  }
  return groups
}
