import type { IAuthPacket } from 'mqtt-packet'
import { decode, encode } from './codec.js'
import { Cursor } from './cursor.js'
import { PropertyContext, walkProperties } from './properties.js'
import { Reason, reasonText } from './reason.js'
import { malformed, protocolError } from './violation.js'

/** A decoded AUTH. */
export interface AuthPacket {
  readonly reasonCode: number
  readonly method: string
  readonly data?: Uint8Array
}

/** Decodes an AUTH. */
export function readAuth(packet: Buffer, bodyAt: number): AuthPacket {
  const cursor = new Cursor(packet, bodyAt, packet.length)
  if (cursor.rest === 0)
    throw protocolError('the reason code of AUTH is 0x00: a client may not send it [MQTT-3.15.2-1]')
  const reasonCode = cursor.byte()
  if (reasonCode !== Reason.continueAuthentication && reasonCode !== Reason.reAuthenticate) {
    throw malformed(
      `the reason code of AUTH is ${reasonText(reasonCode)}: a client may not send it [MQTT-3.15.2-1]`,
    )
  }
  walkProperties(cursor, PropertyContext.auth)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  const { authenticationMethod, authenticationData } = decode<IAuthPacket>('auth', packet, 5).properties ?? {}
  if (authenticationMethod === undefined)
    throw protocolError('AUTH without an Authentication Method [MQTT-4.12.0-5]')
  return {
    reasonCode,
    method: authenticationMethod,
    ...(authenticationData === undefined ? {} : { data: authenticationData }),
  }
}

/** Encodes an AUTH. */
export function authPacket(reasonCode: number, method: string, data: Uint8Array | undefined): Buffer {
  const authenticationData = data === undefined ? {} : { authenticationData: Buffer.from(data) }
  return encode(
    { cmd: 'auth', reasonCode, properties: { authenticationMethod: method, ...authenticationData } },
    5,
  )
}
