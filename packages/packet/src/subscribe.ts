import { ByteWriter } from './byte-writer.js'
import type { Cursor } from './cursor.js'
import { malformed, protocolError } from './packet-error.js'
import { PacketType, type ProtocolVersion, type QoS } from './packet-type.js'
import { checkProperties, Property, PropertyContext } from './property-reader.js'
import { readPropertySection } from './property-section.js'
import { interner } from './publish-properties.js'

/** One Topic Filter of a SUBSCRIBE, with its Subscription Options. */
export interface RequestedSubscription {
  readonly filter: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
}

/** A SUBSCRIBE. Its Topic Filters are UTF-8 strings that are not empty, and may be invalid as filters. */
export interface SubscribePacket {
  readonly packetId: number
  readonly identifier?: number | undefined
  readonly subscriptions: readonly RequestedSubscription[]
}

/** An UNSUBSCRIBE. Its Topic Filters are UTF-8 strings that are not empty, and may be invalid as filters. */
export interface UnsubscribePacket {
  readonly packetId: number
  readonly filters: readonly string[]
}

// Reused by every call, to save allocations.
const body = new ByteWriter(1024)
const properties = new ByteWriter(8)

/** Decodes a SUBSCRIBE. */
export function readSubscribe(cursor: Cursor, version: ProtocolVersion): SubscribePacket {
  const packetId = cursor.packetIdentifier()
  const identifier =
    version === 5 ? readPropertySection(cursor, PropertyContext.subscribe).subscriptionIdentifier : 0
  const subscriptions = readAll(cursor, () => {
    const filter = readFilter(cursor)
    return toSubscription(filter, cursor.byte(), version)
  })
  return { packetId, ...(identifier === 0 ? {} : { identifier }), subscriptions }
}

/** Decodes an UNSUBSCRIBE. */
export function readUnsubscribe(cursor: Cursor, version: ProtocolVersion): UnsubscribePacket {
  const packetId = cursor.packetIdentifier()
  if (version === 5) checkProperties(cursor, PropertyContext.unsubscribe)
  return { packetId, filters: readAll(cursor, () => readFilter(cursor)) }
}

/** Appends a SUBSCRIBE. */
export function writeSubscribe(to: ByteWriter, packet: SubscribePacket, version: ProtocolVersion): void {
  const { packetId, identifier, subscriptions } = packet
  properties.clear()
  if (identifier !== undefined) {
    properties.byte(Property.subscriptionIdentifier)
    properties.variableByteInteger(identifier)
  }
  begin(packetId, version)
  for (const { filter, qos, noLocal, retainAsPublished, retainHandling } of subscriptions) {
    const options = (noLocal ? 0x04 : 0) | (retainAsPublished ? 0x08 : 0) | (retainHandling << 4)
    body.text(filter)
    body.byte(version === 5 ? qos | options : qos)
  }
  end(to, PacketType.subscribe)
}

/** Appends an UNSUBSCRIBE. */
export function writeUnsubscribe(to: ByteWriter, packet: UnsubscribePacket, version: ProtocolVersion): void {
  properties.clear()
  begin(packet.packetId, version)
  for (const filter of packet.filters) body.text(filter)
  end(to, PacketType.unsubscribe)
}

function readAll<A>(cursor: Cursor, read: () => A): A[] {
  if (cursor.rest === 0) throw protocolError('the packet has no Topic Filter [MQTT-3.8.3-2] [MQTT-3.10.3-2]')
  const all: A[] = []
  while (cursor.rest > 0) all.push(read())
  return all
}

function readFilter(cursor: Cursor): string {
  const start = cursor.at + 2
  cursor.binary()
  if (cursor.at === start) throw malformed('a Topic Filter is empty [MQTT-4.7.3-1]')
  const filter = interner.read(cursor.bytes, start, cursor.at)
  if (filter === undefined)
    throw malformed('a Topic Filter is not UTF-8 or contains U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]')
  return filter
}

function toSubscription(filter: string, options: number, version: ProtocolVersion): RequestedSubscription {
  if ((options & (version === 5 ? 0xc0 : 0xfc)) !== 0)
    throw malformed('reserved Subscription Options are set [MQTT-3.8.3-5]')
  const qos = options & 0x03
  const retainHandling = (options >> 4) & 0x03
  if (qos === 3) throw malformed('the requested QoS is 3 [MQTT-3.8.3-5]')
  if (retainHandling === 3) throw protocolError('Retain Handling is 3')
  return {
    filter,
    qos: qos as QoS,
    noLocal: (options & 0x04) !== 0,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  }
}

function begin(packetId: number, version: ProtocolVersion): void {
  body.clear()
  body.twoBytes(packetId)
  if (version === 4) return
  body.variableByteInteger(properties.length)
  body.append(properties)
}

function end(to: ByteWriter, firstByte: number): void {
  to.byte(firstByte)
  to.variableByteInteger(body.length)
  to.append(body)
}
