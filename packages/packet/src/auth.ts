import { ByteWriter } from './byte-writer.js'
import type { Cursor } from './cursor.js'
import { malformed } from './packet-error.js'
import { PacketType } from './packet-type.js'
import { Property, PropertyContext } from './property-reader.js'
import { type PropertyNames, readPropertyValues } from './property-values.js'

/** An AUTH, with the properties that an authentication needs. */
export interface AuthPacket {
  readonly reasonCode: number
  /** The Authentication Method; absent only in an AUTH without properties. */
  readonly method?: string
  /** The Authentication Data. */
  readonly data?: Uint8Array
  readonly reasonString?: string
  readonly userProperties?: readonly (readonly [name: string, value: string])[]
}

const names: PropertyNames<Omit<AuthPacket, 'reasonCode'>> = {
  0x15: 'method',
  0x16: 'data',
  0x1f: 'reasonString',
}

/** Decodes an AUTH; `cursor` is at its body. The data is a copy. */
export function readAuth(cursor: Cursor): AuthPacket {
  if (cursor.rest === 0) return { reasonCode: 0 }
  const reasonCode = cursor.byte()
  const properties = readPropertyValues(cursor, PropertyContext.auth, names)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  return { reasonCode, ...properties }
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
  body.append(properties)
  const packet = new ByteWriter(body.length + 8)
  packet.byte(PacketType.auth)
  packet.variableByteInteger(body.length)
  packet.append(body)
  return packet.take()
}
