import { Cursor } from './cursor.js'
import type { ProtocolVersion } from './codec.js'
import { Place, walkProperties } from './properties.js'
import { Reason } from './reason.js'
import { malformed } from './violation.js'

/** A client's goodbye. */
export interface DisconnectPacket {
  readonly reasonCode: number
  /** Seconds, where the client changes its mind about how long its session is kept. */
  readonly sessionExpiryInterval?: number
}

/** The reason codes a client may give. */
const allowed = new Set<number>([
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

/** Reads a whole DISCONNECT; reason code and properties may be missing. */
export function readDisconnect(packet: Buffer, bodyAt: number, version: ProtocolVersion): DisconnectPacket {
  const cursor = new Cursor(packet, bodyAt, packet.length)
  if (cursor.rest === 0) return { reasonCode: Reason.success }
  if (version === 4) throw malformed('DISCONNECT has a body')
  const reasonCode = cursor.byte()
  if (!allowed.has(reasonCode))
    throw malformed(`reason code ${reasonCode} is not a client's to disconnect with [MQTT-3.14.2-1]`)
  if (cursor.rest === 0) return { reasonCode }
  const { sessionExpiryAt } = walkProperties(cursor, Place.disconnect)
  if (cursor.rest > 0) throw malformed('bytes follow the properties')
  return sessionExpiryAt < 0
    ? { reasonCode }
    : { reasonCode, sessionExpiryInterval: packet.readUInt32BE(sessionExpiryAt) }
}
