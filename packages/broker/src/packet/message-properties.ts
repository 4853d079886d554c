import { AntiphonError } from '@antiphon/core'
import type { MessageProperties } from '@antiphon/core'
import { ByteWriter, expiryOffsetOf, writePublishProperties } from '@antiphon/packet'
import { allocate } from './allocate.js'

const writer = new ByteWriter(256)

/** Encodes the properties of a message that is published in process; throws `invalid-argument` if one is too long. */
export function encodeProperties(properties: MessageProperties): {
  readonly bytes: Uint8Array
  readonly expiryOffset: number
} {
  writer.clear()
  try {
    writePublishProperties(writer, properties)
  } catch (cause) {
    const rule = cause instanceof Error ? cause.message : String(cause)
    throw new AntiphonError('invalid-argument', rule, { phase: 'before-network', cause })
  }
  const bytes = allocate(writer.length)
  bytes.set(writer.bytes.subarray(0, writer.length))
  return {
    bytes,
    expiryOffset: expiryOffsetOf(properties),
  }
}
