import type { QoS } from '@antiphon/core'
import type { ISubscribePacket, IUnsubscribePacket } from 'mqtt-packet'
import { decode } from './codec.js'
import type { ProtocolVersion } from './codec.js'
import { Cursor } from './cursor.js'
import { PropertyContext, walkProperties } from './properties.js'
import { malformed, protocolError } from './violation.js'

/** One Topic Filter of a SUBSCRIBE, with its Subscription Options. */
export interface RequestedSubscription {
  readonly filter: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
}

/** A decoded and checked SUBSCRIBE, except that its Topic Filters may be invalid. */
export interface SubscribePacket {
  readonly packetId: number
  readonly identifier?: number
  readonly subscriptions: readonly RequestedSubscription[]
}

/** A decoded and checked UNSUBSCRIBE, except that its Topic Filters may be invalid. */
export interface UnsubscribePacket {
  readonly packetId: number
  readonly filters: readonly string[]
}

/** Decodes a SUBSCRIBE. */
export function readSubscribe(packet: Buffer, bodyAt: number, version: ProtocolVersion): SubscribePacket {
  walk(new Cursor(packet, bodyAt, packet.length), version, PropertyContext.subscribe)
  const { messageId = 0, subscriptions, properties } = decode<ISubscribePacket>('subscribe', packet, version)
  const identifier = properties?.subscriptionIdentifier
  return {
    packetId: messageId,
    ...(identifier === undefined ? {} : { identifier }),
    subscriptions: subscriptions.map(({ topic, qos, nl, rap, rh }) => ({
      filter: topic,
      qos,
      noLocal: nl === true,
      retainAsPublished: rap === true,
      retainHandling: (rh ?? 0) as 0 | 1 | 2,
    })),
  }
}

/** Decodes an UNSUBSCRIBE. */
export function readUnsubscribe(packet: Buffer, bodyAt: number, version: ProtocolVersion): UnsubscribePacket {
  walk(new Cursor(packet, bodyAt, packet.length), version, PropertyContext.unsubscribe)
  const { messageId = 0, unsubscriptions } = decode<IUnsubscribePacket>('unsubscribe', packet, version)
  return { packetId: messageId, filters: unsubscriptions }
}

function walk(cursor: Cursor, version: ProtocolVersion, context: number): void {
  if (cursor.word() === 0) throw protocolError('the Packet Identifier is 0 [MQTT-2.2.1-3]')
  if (version === 5) walkProperties(cursor, context)
  if (cursor.rest === 0) throw protocolError('the packet has no Topic Filter [MQTT-3.8.3-2, 3.10.3-2]')
  while (cursor.rest > 0) {
    cursor.text()
    if (context === PropertyContext.subscribe) checkOptions(cursor.byte(), version)
  }
}

function checkOptions(options: number, version: ProtocolVersion): void {
  if ((options & (version === 5 ? 0xc0 : 0xfc)) !== 0) {
    throw malformed('reserved bits of the Subscription Options are set [MQTT-3.8.3-5]')
  }
  if ((options & 0x03) === 3) throw malformed('the requested QoS is 3 [MQTT-3.8.3-5]')
  if ((options & 0x30) === 0x30) throw protocolError('Retain Handling is 3')
}
