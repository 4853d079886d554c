import type { Cursor } from './cursor.js'
import { malformed, type PacketError } from './packet-error.js'
import type { ProtocolVersion, QoS } from './packet-type.js'
import { Property, PropertyContext, PropertyReader } from './property-reader.js'
import { decodeProperty, interner, type Mutable, type ReceivedProperties } from './publish-properties.js'

/** The fields of a PUBLISH before its properties. The Topic Name is not decoded. Reuse one object for many packets. */
export class PublishHead {
  qos: QoS = 0
  dup = false
  retain = false
  /** The bounds of the Topic Name in the bytes. */
  topicStart = 0
  topicEnd = 0
  /** The Packet Identifier; 0 at QoS 0. */
  packetId = 0
}

/** A message that a server has sent. */
export interface ReceivedMessage extends ReceivedProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
}

/** A PUBLISH of a server. */
export interface ReceivedPublish {
  /** The message. Its payload and Correlation Data are views of the received bytes. */
  readonly message: Mutable<ReceivedMessage>
  /** The Packet Identifier; 0 at QoS 0. */
  readonly packetId: number
  /** The Topic Alias; 0 if absent. */
  alias: number
  /** The first rule that a field broke, although the packet could be read; it is acknowledged nevertheless. */
  fault: PacketError | undefined
}

// Reused by every call, to save allocations.
const head = new PublishHead()
const reader = new PropertyReader()

/** Decodes a PUBLISH up to its properties into `head`, and leaves the cursor there. */
export function readPublishHead(firstByte: number, cursor: Cursor, head: PublishHead): void {
  const qos = (firstByte >> 1) & 3
  if (qos === 3) throw malformed('both QoS bits of PUBLISH are set [MQTT-3.3.1-4]')
  head.qos = qos as QoS
  head.dup = (firstByte & 8) !== 0
  head.retain = (firstByte & 1) !== 0
  head.topicStart = cursor.at + 2
  cursor.binary()
  head.topicEnd = cursor.at
  head.packetId = qos === 0 ? 0 : cursor.packetIdentifier()
}

/** Decodes a PUBLISH of a server. Throws a `PacketError` if it cannot be read. */
export function readPublish(firstByte: number, cursor: Cursor, version: ProtocolVersion): ReceivedPublish {
  const { bytes } = cursor
  readPublishHead(firstByte, cursor, head)
  const { qos, retain, dup, packetId, topicStart, topicEnd } = head
  const topic = interner.read(bytes, topicStart, topicEnd)
  const publish: ReceivedPublish = {
    message: { topic: topic ?? '', payload: bytes, qos, retain, dup },
    packetId,
    alias: 0,
    fault: undefined,
  }
  if (version === 5) readProperties(cursor, publish)
  if (topic === undefined)
    publish.fault = malformed('its Topic Name is not UTF-8 or contains U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]')
  publish.message.payload = cursor.view(cursor.rest)
  return publish
}

function readProperties(cursor: Cursor, publish: ReceivedPublish): void {
  reader.open(cursor, PropertyContext.publishToClient)
  while (reader.next()) {
    if (reader.id === Property.topicAlias) publish.alias = reader.value
    else decodeProperty(reader, cursor.bytes, publish.message)
  }
  publish.fault = reader.fault
}
