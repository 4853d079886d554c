import { fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { checksumOf } from './checksum.js'

/** A value of the store: fields as JSON, and a payload. */
export interface RecordParts<Fields extends object> {
  readonly fields: Fields
  readonly payload: Uint8Array
}

/** The checksum of what follows, then the length of the fields; 32 bits each. */
const HEADER_BYTES = 8

const EMPTY = new Uint8Array()

/** Writes a record as bytes, with a checksum by which a corrupt or half-written one is recognised. */
export function toRecord(fields: object, payload: Uint8Array = EMPTY): Uint8Array {
  const json = toUtf8(JSON.stringify(fields))
  const bytes = new Uint8Array(HEADER_BYTES + json.length + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(4, json.length)
  bytes.set(json, HEADER_BYTES)
  bytes.set(payload, HEADER_BYTES + json.length)
  view.setUint32(0, checksumOf(bytes.subarray(4)))
  return bytes
}

/** Reads a record. Throws if it is corrupt or not complete. */
export function fromRecord<Fields extends object>(bytes: Uint8Array): RecordParts<Fields> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== checksumOf(bytes.subarray(4)))
    throw new TypeError(
      `its checksum is wrong (${bytes.length} bytes): it is corrupt or was not written whole`,
    )
  const end = HEADER_BYTES + view.getUint32(4)
  const fields = JSON.parse(fromUtf8(bytes.subarray(HEADER_BYTES, end))) as Fields
  return { fields, payload: bytes.slice(end) }
}
