import type { ProtocolVersion } from './codec.js'
import type { Publication } from './publication.js'
import { packetLength, varintLength, writeVarint } from './varint.js'

/** How the topic of a PUBLISH is said: in full, in full while defining an alias, or by the alias alone. */
export const AliasUse = { none: 0, define: 1, only: 2 } as const

/** One encoded form of a publication, to be copied and patched for each receiver. */
export interface Frame {
  /** Its shape in one number: version, presence of a packet identifier, use of an alias. */
  readonly key: number
  /** The subscription identifiers in it. */
  readonly identifiers: readonly number[] | null
  /** The packet as far as it is small enough to copy: all of it, or all but `tail`. */
  readonly bytes: Buffer
  /** A payload too large to copy, to be written by reference. */
  readonly tail: Uint8Array | null
  /** The whole packet's length. */
  readonly size: number
  /** Where to patch the packet identifier, the expiry and the alias; -1 for nowhere. */
  readonly idAt: number
  readonly expiryAt: number
  readonly aliasAt: number
}

/** Payloads up to this size are copied to each receiver; larger ones are written by reference. */
const copied = 4096

/** The key of a shape. */
export function shapeKey(version: ProtocolVersion, hasId: boolean, alias: number): number {
  return (version === 5 ? 8 : 0) | (hasId ? 4 : 0) | alias
}

/** Encodes a PUBLISH with DUP, QoS and RETAIN of 0 in its first byte. */
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
  const isCopied = payload.length <= copied
  const bytes = Buffer.allocUnsafe(isCopied ? size : size - payload.length)
  bytes[0] = 0x30
  let at = writeVarint(bytes, 1, bodyLength)
  bytes[at] = topicLength >> 8
  bytes[at + 1] = topicLength & 0xff
  at += 2
  if (topicLength > 0) at += bytes.write(topic, at)
  const idAt = hasId ? at : -1
  if (hasId) at += 2
  let expiryAt = -1
  let aliasAt = -1
  if (isV5) {
    at = writeVarint(bytes, at, propertyLength)
    bytes.set(properties, at)
    if (publication.expiryAt >= 0) expiryAt = at + publication.expiryAt
    at += properties.length
    for (const identifier of identifiers ?? []) {
      bytes[at] = 0x0b
      at = writeVarint(bytes, at + 1, identifier)
    }
    if (alias !== AliasUse.none) {
      bytes[at] = 0x23
      aliasAt = at + 1
      at += 3
    }
  }
  if (isCopied) bytes.set(payload, at)
  return { key, identifiers, bytes, tail: isCopied ? null : payload, size, idAt, expiryAt, aliasAt }
}

function identifiersLength(identifiers: readonly number[] | null): number {
  let length = 0
  for (const identifier of identifiers ?? []) length += 1 + varintLength(identifier)
  return length
}
