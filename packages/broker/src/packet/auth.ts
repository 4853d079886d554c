import type { IAuthPacket } from 'mqtt-packet'
import {
  checkProperties,
  type Cursor,
  PropertyContext,
  Reason,
  describeReason,
  malformed,
  protocolError,
} from '@antiphon/packet'
import { decode, encode } from './codec.js'

/** A decoded AUTH. */
export interface AuthPacket {
  readonly reasonCode: number
  readonly method: string
  readonly data?: Uint8Array
}

/** Decodes an AUTH; `cursor` is at its body. */
export function readAuth(packet: Buffer, cursor: Cursor): AuthPacket {
  if (cursor.rest === 0)
    throw protocolError('the reason code of AUTH is 0x00: a client may not send it [MQTT-3.15.2-1]')
  const reasonCode = cursor.byte()
  if (reasonCode !== Reason.continueAuthentication && reasonCode !== Reason.reAuthenticate) {
    throw malformed(
      `the reason code of AUTH is ${describeReason(reasonCode)}: a client may not send it [MQTT-3.15.2-1]`,
    )
  }
  checkProperties(cursor, PropertyContext.auth)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  const { authenticationMethod, authenticationData } = decode<IAuthPacket>('auth', packet).properties ?? {}
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
