import {
  type Cursor,
  PropertyContext,
  Reason,
  describeReason,
  malformed,
  readPropertySection,
  type ProtocolVersion,
} from '@antiphon/packet'

/** A decoded DISCONNECT of a client. */
export interface DisconnectPacket {
  readonly reasonCode: number
  /** Seconds; absent if the client keeps the interval of CONNECT. */
  readonly sessionExpiryInterval?: number
}

/** The reason codes that a client may send. */
const allowedCodes = new Set<number>([
  Reason.success,
  Reason.disconnectWithWill,
  Reason.unspecifiedError,
  Reason.malformedPacket,
  Reason.protocolError,
  Reason.implementationSpecificError,
  Reason.topicNameInvalid,
  Reason.receiveMaximumExceeded,
  Reason.topicAliasInvalid,
  Reason.packetTooLarge,
  Reason.messageRateTooHigh,
  Reason.quotaExceeded,
  Reason.administrativeAction,
  Reason.payloadFormatInvalid,
])

/** Decodes a DISCONNECT; the reason code and the properties are optional. */
export function readDisconnect(cursor: Cursor, version: ProtocolVersion): DisconnectPacket {
  if (cursor.rest === 0) return { reasonCode: Reason.success }
  if (version === 4) throw malformed('DISCONNECT has a body')
  const reasonCode = cursor.byte()
  if (!allowedCodes.has(reasonCode))
    throw malformed(
      `the reason code of DISCONNECT is ${describeReason(reasonCode)}: a client may not send it [MQTT-3.14.2-1]`,
    )
  if (cursor.rest === 0) return { reasonCode }
  const { sessionExpiryInterval } = readPropertySection(cursor, PropertyContext.disconnect)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  return sessionExpiryInterval < 0 ? { reasonCode } : { reasonCode, sessionExpiryInterval }
}
