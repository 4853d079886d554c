import type { ProtocolVersion } from './codec.js'
import type { Publication } from './publication.js'
import { packetLength, varintLength, writeVarint } from './varint.js'

/** Whether a PUBLISH has a Topic Name, a Topic Name and a Topic Alias that it defines, or a Topic Alias only. */
export const AliasUse = { none: 0, define: 1, only: 2 } as const

/** An encoded PUBLISH, to be copied and patched for each receiver. */
export interface Frame {
  /** Its shape as a number, from `shapeKey`. */
  readonly key: number
  /** Its Subscription Identifiers. */
  readonly identifiers: readonly number[] | null
  /** The bytes to copy: the whole packet, or all of it except `tail`. */
  readonly bytes: Buffer
  /** A large payload, to be written by reference instead of copied; `null` if it is in `bytes`. */
  readonly tail: Uint8Array | null
  /** The length of the whole packet. */
  readonly size: number
  /**
   * The offsets of the Packet Identifier, the Message Expiry Interval and the Topic Alias in `bytes`; -1 if absent.
   */
  readonly packetIdOffset: number
  readonly expiryOffset: number
  readonly aliasOffset: number
}

/** Payloads up to this size are copied to each receiver; larger ones are written by reference. */
const maxCopiedBytes = 4096

/** Returns the shape of a PUBLISH as a number: version, presence of a Packet Identifier, use of a Topic Alias. */
export function shapeKey(version: ProtocolVersion, hasId: boolean, alias: number): number {
  return (version === 5 ? 8 : 0) | (hasId ? 4 : 0) | alias
}

/** Encodes a PUBLISH whose DUP, QoS and RETAIN are 0. */
export function encodeFrame(
  publication: Publication,
  key: number,
  identifiers: readonly number[] | null,
): Frame {
  const { payload, properties } = publication
  const isV5 = (key & 8) !== 0
  const hasId = (key & 4) !== 0
  const alias = key & 3
  const topic = alias === AliasUse.only ? '' : publication.topic
  const topicLength = Buffer.byteLength(topic)
  const aliasLength = alias === AliasUse.none ? 0 : 3
  const propertyLength = properties.length + identifiersLength(identifiers) + aliasLength
  const bodyLength =
    2 +
    topicLength +
    (hasId ? 2 : 0) +
    (isV5 ? varintLength(propertyLength) + propertyLength : 0) +
    payload.length
  const size = packetLength(bodyLength)
  const isCopied = payload.length <= maxCopiedBytes
  const bytes = Buffer.allocUnsafe(isCopied ? size : size - payload.length)
  bytes[0] = 0x30
  let at = writeVarint(bytes, 1, bodyLength)
  bytes[at] = topicLength >> 8
  bytes[at + 1] = topicLength & 0xff
  at += 2
  if (topicLength > 0) at += bytes.write(topic, at)
  const packetIdOffset = hasId ? at : -1
  if (hasId) at += 2
  let expiryOffset = -1
  let aliasOffset = -1
  if (isV5) {
    at = writeVarint(bytes, at, propertyLength)
    bytes.set(properties, at)
    if (publication.expiryOffset >= 0) expiryOffset = at + publication.expiryOffset
    at += properties.length
    for (const identifier of identifiers ?? []) {
      bytes[at] = 0x0b
      at = writeVarint(bytes, at + 1, identifier)
    }
    if (alias !== AliasUse.none) {
      bytes[at] = 0x23
      aliasOffset = at + 1
      at += 3
    }
  }
  if (isCopied) bytes.set(payload, at)
  return {
    key,
    identifiers,
    bytes,
    tail: isCopied ? null : payload,
    size,
    packetIdOffset,
    expiryOffset,
    aliasOffset,
  }
}

function identifiersLength(identifiers: readonly number[] | null): number {
  let length = 0
  for (const identifier of identifiers ?? []) length += 1 + varintLength(identifier)
  return length
}
