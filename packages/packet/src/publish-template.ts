import { PacketType, type ProtocolVersion } from './packet-type.js'
import { Property } from './property-reader.js'
import { utf8Size, writeUtf8 } from './utf8.js'
import { packetSize, variableByteIntegerSize, writeVariableByteInteger } from './variable-byte-integer.js'

/** Whether a PUBLISH has a Topic Name, a Topic Name and a Topic Alias that it defines, or a Topic Alias only. */
export const AliasUse = { none: 0, define: 1, only: 2 } as const

/** What an encoded PUBLISH is made of. */
export interface TemplateParts {
  readonly topic: string
  readonly payload: Uint8Array
  /** The encoded properties of the message, without their Property Length, and in them the offset of the expiry's value. */
  readonly properties: Uint8Array
  readonly expiryOffset: number
}

/** An encoded PUBLISH, to be copied and patched for each receiver. */
export interface PublishTemplate<Bytes extends Uint8Array = Uint8Array> {
  /** Its shape as a number, from `shapeKey`. */
  readonly key: number
  /** Its Subscription Identifiers. */
  readonly identifiers: readonly number[] | null
  /** The bytes to copy: the whole packet, or all of it except `tail`. */
  readonly bytes: Bytes
  /** A large payload, to be written by reference instead of copied; `null` if it is in `bytes`. */
  readonly tail: Uint8Array | null
  /** The size of the whole packet. */
  readonly size: number
  /** The offsets of the Packet Identifier, the Message Expiry Interval and the Topic Alias in `bytes`; -1 if absent. */
  readonly packetIdOffset: number
  readonly expiryOffset: number
  readonly aliasOffset: number
}

/** Payloads up to this size are copied to each receiver; larger ones are written by reference. */
const maxCopiedBytes = 4096

/** Returns the shape of a PUBLISH as a number: version, presence of a Packet Identifier, use of a Topic Alias. */
export function shapeKey(version: ProtocolVersion, hasPacketId: boolean, aliasUse: number): number {
  return (version === 5 ? 8 : 0) | (hasPacketId ? 4 : 0) | aliasUse
}

/** Encodes a PUBLISH whose flags are 0 and whose Packet Identifier and Topic Alias are to be patched. */
export function encodeTemplate<Bytes extends Uint8Array>(
  { topic, payload, properties, expiryOffset: expiryIn }: TemplateParts,
  key: number,
  identifiers: readonly number[] | null,
  allocate: (size: number) => Bytes,
): PublishTemplate<Bytes> {
  const isV5 = (key & 8) !== 0
  const hasPacketId = (key & 4) !== 0
  const aliasUse = key & 3
  const topicSize = aliasUse === AliasUse.only ? 0 : utf8Size(topic)
  const propertyLength =
    properties.length + identifiersSize(identifiers) + (aliasUse === AliasUse.none ? 0 : 3)
  const propertiesSize = isV5 ? variableByteIntegerSize(propertyLength) + propertyLength : 0
  const bodyLength = 2 + topicSize + (hasPacketId ? 2 : 0) + propertiesSize + payload.length
  const size = packetSize(bodyLength)
  const isCopied = payload.length <= maxCopiedBytes
  const bytes = allocate(isCopied ? size : size - payload.length)
  bytes[0] = PacketType.publish
  let at = writeVariableByteInteger(bytes, 1, bodyLength)
  bytes[at++] = topicSize >> 8
  bytes[at++] = topicSize
  if (topicSize > 0) at = writeUtf8(bytes, at, topic)
  const packetIdOffset = hasPacketId ? at : -1
  if (hasPacketId) at += 2
  let expiryOffset = -1
  let aliasOffset = -1
  if (isV5) {
    at = writeVariableByteInteger(bytes, at, propertyLength)
    bytes.set(properties, at)
    if (expiryIn >= 0) expiryOffset = at + expiryIn
    at += properties.length
    for (const identifier of identifiers ?? []) {
      bytes[at] = Property.subscriptionIdentifier
      at = writeVariableByteInteger(bytes, at + 1, identifier)
    }
    if (aliasUse !== AliasUse.none) {
      bytes[at] = Property.topicAlias
      aliasOffset = at + 1
      at += 3
    }
  }
  if (isCopied) bytes.set(payload, at)
  const tail = isCopied ? null : payload
  return { key, identifiers, bytes, tail, size, packetIdOffset, expiryOffset, aliasOffset }
}

function identifiersSize(identifiers: readonly number[] | null): number {
  let size = 0
  for (const identifier of identifiers ?? []) size += 1 + variableByteIntegerSize(identifier)
  return size
}
