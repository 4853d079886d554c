import type { ByteWriter } from './byte-writer.js'
import type { Cursor } from './cursor.js'
import { malformed } from './packet-error.js'
import { PacketType, type ProtocolVersion } from './packet-type.js'
import { Property, PropertyContext } from './property-reader.js'
import { type PropertyNames, readPropertyValues } from './property-values.js'
import { describeReason } from './reason.js'

/** The properties of a DISCONNECT that a server sends. */
export interface DisconnectProperties {
  readonly reasonString?: string
  readonly serverReference?: string
  readonly userProperties?: readonly (readonly [name: string, value: string])[]
}

/** A DISCONNECT of a server. */
export interface ServerDisconnect {
  readonly reasonCode: number
  readonly properties: DisconnectProperties
}

/** A DISCONNECT of a client. Its fields are sent in MQTT 5 only. */
export interface ClientDisconnect {
  readonly reasonCode: number
  /** Replaces the interval of CONNECT: with 0, the session ends. */
  readonly sessionExpiryInterval?: number
}

const names: PropertyNames<DisconnectProperties> = { 0x1c: 'serverReference', 0x1f: 'reasonString' }

const serverCodes: readonly number[] = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
  0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
]

/** Decodes a DISCONNECT of a server; the reason code and the properties are optional. */
export function readServerDisconnect(cursor: Cursor, version: ProtocolVersion): ServerDisconnect {
  if (version === 4) throw malformed('a server of MQTT 3.1.1 may not send DISCONNECT')
  if (cursor.rest === 0) return { reasonCode: 0, properties: {} }
  const reasonCode = cursor.byte()
  if (!serverCodes.includes(reasonCode))
    throw malformed(
      `the reason code is ${describeReason(reasonCode)}: a server may not send it [MQTT-3.14.2-1]`,
    )
  if (cursor.rest === 0) return { reasonCode, properties: {} }
  const properties = readPropertyValues(cursor, PropertyContext.disconnectToClient, names)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  return { reasonCode, properties }
}

/** Appends a DISCONNECT of a client, in its shortest form. */
export function writeDisconnect(to: ByteWriter, packet: ClientDisconnect, version: ProtocolVersion): void {
  const { reasonCode, sessionExpiryInterval } = packet
  to.byte(PacketType.disconnect)
  if (version === 4 || (reasonCode === 0 && sessionExpiryInterval === undefined)) to.byte(0)
  else if (sessionExpiryInterval === undefined) {
    to.byte(1)
    to.byte(reasonCode)
  } else {
    to.byte(7)
    to.byte(reasonCode)
    to.byte(5)
    to.byte(Property.sessionExpiryInterval)
    to.fourBytes(sessionExpiryInterval)
  }
}
