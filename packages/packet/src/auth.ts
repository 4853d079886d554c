import { ByteWriter } from './byte-writer.js'
import type { Cursor } from './cursor.js'
import { malformed } from './packet-error.js'
import { PacketType } from './packet-type.js'
import { Property, PropertyContext, PropertyReader } from './property-reader.js'

/** An AUTH, with the properties that an authentication needs. */
export interface AuthPacket {
  readonly reasonCode: number
  /** The Authentication Method; absent only in an AUTH without properties. */
  readonly method?: string
  /** The Authentication Data. */
  readonly data?: Uint8Array
  readonly reasonString?: string
}

type Mutable<A> = { -readonly [Name in keyof A]: A[Name] }

const reader = new PropertyReader()
const decoder = new TextDecoder()

/** Decodes an AUTH; `cursor` is at its body. The data is a copy. */
export function readAuth(cursor: Cursor): AuthPacket {
  if (cursor.rest === 0) return { reasonCode: 0 }
  const packet: Mutable<AuthPacket> = { reasonCode: cursor.byte() }
  const { bytes } = cursor
  reader.open(cursor, PropertyContext.auth)
  while (reader.next()) {
    reader.check()
    const { id, start, end } = reader
    if (id === Property.authenticationMethod) packet.method = decoder.decode(bytes.subarray(start, end))
    else if (id === Property.authenticationData) packet.data = bytes.slice(start, end)
    else if (id === Property.reasonString) packet.reasonString = decoder.decode(bytes.subarray(start, end))
  }
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  return packet
}

/** Encodes an AUTH. Throws a `RangeError` if the method or the data is longer than 65 535 bytes. */
export function encodeAuth(reasonCode: number, method: string, data?: Uint8Array): Uint8Array<ArrayBuffer> {
  const properties = new ByteWriter(64)
  properties.byte(Property.authenticationMethod)
  properties.text(method)
  if (data !== undefined) {
    properties.byte(Property.authenticationData)
    properties.binary(data)
  }
  const body = new ByteWriter(properties.length + 8)
  body.byte(reasonCode)
  body.variableByteInteger(properties.length)
  body.raw(properties.take())
  const packet = new ByteWriter(body.length + 8)
  packet.byte(PacketType.auth)
  packet.variableByteInteger(body.length)
  packet.raw(body.take())
  return packet.take()
}
