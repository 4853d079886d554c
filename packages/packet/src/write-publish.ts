import { ByteWriter } from './byte-writer.js'
import { PacketType, type ProtocolVersion, type QoS } from './packet-type.js'
import {
  publishPropertiesSize,
  type PublishProperties,
  writePublishProperties,
} from './publish-properties.js'
import { utf8Size } from './utf8.js'
import { packetSize, variableByteIntegerSize } from './variable-byte-integer.js'

/** A message that a client publishes. Its QoS is 1 by default. */
export interface PublishMessage extends PublishProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos?: QoS
  readonly retain?: boolean
}

/** The fields of a PUBLISH beside its message. */
export interface PublishHeader {
  readonly protocolVersion: ProtocolVersion
  /** The Packet Identifier; absent at QoS 0. */
  readonly packetId?: number
  /** Sets DUP: the packet was sent before [MQTT-3.3.1-1]. */
  readonly isDuplicate?: boolean
  /** The seconds that remain of the Message Expiry Interval, if the message has one. */
  readonly expiry?: number | undefined
}

// Reused by every call, to save allocations.
const body = new ByteWriter(1024)
const properties = new ByteWriter(1024)

/** Appends a PUBLISH without its payload, which must follow. The message must be valid. */
export function writePublish(to: ByteWriter, message: PublishMessage, header: PublishHeader): void {
  const { qos = 1, retain = false, topic, payload } = message
  body.clear()
  body.text(topic)
  if (header.packetId !== undefined) body.twoBytes(header.packetId)
  if (header.protocolVersion === 5) {
    properties.clear()
    writePublishProperties(properties, message, header.expiry)
    body.variableByteInteger(properties.length)
    body.append(properties)
  }
  to.byte(PacketType.publish | (header.isDuplicate === true ? 8 : 0) | (qos << 1) | (retain ? 1 : 0))
  to.variableByteInteger(body.length + payload.length)
  to.append(body)
}

/** Returns the size of the PUBLISH of a message. */
export function publishSize(message: PublishMessage, protocolVersion: ProtocolVersion): number {
  const packetIdSize = message.qos === 0 ? 0 : 2
  const remaining = 2 + utf8Size(message.topic) + packetIdSize + message.payload.length
  if (protocolVersion === 4) return packetSize(remaining)
  const propertyLength = publishPropertiesSize(message)
  return packetSize(remaining + variableByteIntegerSize(propertyLength) + propertyLength)
}
