import {
  type AuthPacket,
  type Cursor,
  describeReason,
  encodeAuth,
  malformed,
  protocolError,
  readAuth,
  Reason,
} from '@antiphon/packet'

/** An AUTH of a client. */
export interface ClientAuth extends AuthPacket {
  readonly method: string
}

/** Encodes an AUTH of the broker. */
export function authPacket(reasonCode: number, method: string, data: Uint8Array | undefined): Buffer {
  return Buffer.from(encodeAuth(reasonCode, method, data).buffer)
}

/** Decodes an AUTH of a client; `cursor` is at its body. */
export function readClientAuth(cursor: Cursor): ClientAuth {
  if (cursor.rest === 0)
    throw protocolError('the reason code of AUTH is 0x00: a client may not send it [MQTT-3.15.2-1]')
  const code = cursor.bytes[cursor.at] ?? 0
  if (code !== Reason.continueAuthentication && code !== Reason.reAuthenticate) {
    throw malformed(
      `the reason code of AUTH is ${describeReason(code)}: a client may not send it [MQTT-3.15.2-1]`,
    )
  }
  const { method, ...auth } = readAuth(cursor)
  if (method === undefined) throw protocolError('AUTH without an Authentication Method [MQTT-4.12.0-5]')
  return { ...auth, method }
}
