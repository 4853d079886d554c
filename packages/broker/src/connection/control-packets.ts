import type { IConnackPacket, IDisconnectPacket } from 'mqtt-packet'
import type { ProtocolVersion } from '@antiphon/packet'
import { encode } from '../packet/codec.js'
import type { ConnectRequest } from '../packet/connect.js'
import { toAllowedCode, isFailure, toConnectReturnCode } from '../packet/reason.js'
import type { Settings } from '../options.js'

/** The properties of a CONNACK, as the codec takes them. */
export type ConnackProperties = NonNullable<IConnackPacket['properties']>

/** The fields of a CONNACK for an admitted client. */
export interface ConnackFields {
  readonly sessionPresent: boolean
  readonly properties: ConnackProperties
}

/** Encodes the CONNACK for an admitted client. */
export function connackPacket(version: ProtocolVersion, fields: ConnackFields): Buffer {
  const { sessionPresent, properties } = fields
  return version === 5
    ? encode({ cmd: 'connack', reasonCode: 0, sessionPresent, properties }, 5)
    : encode({ cmd: 'connack', returnCode: 0, sessionPresent }, 4)
}

/** Encodes the CONNACK for a refused client; its Session Present is 0 [MQTT-3.2.2-6]. */
export function refusalConnackPacket(version: ProtocolVersion, refusal: Refusal): Buffer {
  const { reasonString, serverReference, maximumPacketSize } = refusal
  if (version === 4) {
    const returnCode = toConnectReturnCode(refusal.reasonCode)
    return encode({ cmd: 'connack', returnCode, sessionPresent: false }, 4)
  }
  const reasonCode = toAllowedCode('connack', refusal.reasonCode)
  const properties = serverReference === undefined ? {} : { serverReference }
  const packet: IConnackPacket = { cmd: 'connack', reasonCode, sessionPresent: false, properties }
  return withReasonString(packet, reasonString, maximumPacketSize) // [MQTT-3.2.2-19]
}

/** Why a client is refused or disconnected. */
export interface Refusal {
  readonly reasonCode: number
  readonly reasonString: string
  /** The server that the client should use instead. */
  readonly serverReference: string | undefined
  /** The client's Maximum Packet Size; `Infinity` if its CONNECT could not be read. */
  readonly maximumPacketSize: number
}

/** Encodes a packet with a Reason String, or without if it would exceed the client's Maximum Packet Size. */
function withReasonString(
  packet: IConnackPacket | IDisconnectPacket,
  reason: string,
  maximumPacketSize: number,
): Buffer {
  // Reasons may quote what the client sent; MQTT limits a string to 65 535 bytes.
  const reasonString = reason.slice(0, 200)
  const explained = encode({ ...packet, properties: { ...packet.properties, reasonString } }, 5)
  return explained.length <= maximumPacketSize ? explained : encode(packet, 5)
}

/** Returns the reason why a packet is not sent. */
export function packetTooLargeText({ length }: Buffer): string {
  return `a packet of ${length} bytes exceeds the Maximum Packet Size of the client [MQTT-3.1.2-24]`
}

/** Returns the CONNACK properties for the broker's limits; those that equal the protocol's defaults are left out. */
export function limitProperties(settings: Settings, request: ConnectRequest): ConnackProperties {
  const { limits } = settings
  const keepAlive =
    limits.keepAlive < 0xffff && (request.keepAlive === 0 || request.keepAlive > limits.keepAlive)
  return {
    ...(limits.receiveMaximum < 0xffff ? { receiveMaximum: limits.receiveMaximum } : {}),
    ...(settings.maximumQoS < 2 ? { maximumQoS: settings.maximumQoS } : {}),
    ...(settings.retainAvailable ? {} : { retainAvailable: false }),
    maximumPacketSize: limits.packetSize,
    ...(limits.topicAliases > 0 ? { topicAliasMaximum: limits.topicAliases } : {}),
    ...(settings.wildcardSubscriptions ? {} : { wildcardSubscriptionAvailable: false }),
    ...(settings.sharedSubscriptions ? {} : { sharedSubscriptionAvailable: false }),
    ...(keepAlive ? { serverKeepAlive: limits.keepAlive } : {}),
  }
}

/** Encodes a DISCONNECT from the broker, never with a Session Expiry Interval [MQTT-3.14.2-2]. */
export function disconnectPacket(
  request: ConnectRequest,
  refusal: Omit<Refusal, 'maximumPacketSize'>,
): Buffer {
  const { requestProblemInformation, maximumPacketSize } = request
  const { reasonString, serverReference } = refusal
  const reasonCode = toAllowedCode('disconnect', refusal.reasonCode)
  const properties = serverReference === undefined ? {} : { properties: { serverReference } }
  const packet: IDisconnectPacket = { cmd: 'disconnect', reasonCode, ...properties }
  return requestProblemInformation
    ? withReasonString(packet, reasonString, maximumPacketSize)
    : encode(packet, 5) // [MQTT-3.14.2-3]
}

/** Encodes a SUBACK; over MQTT 3.1.1 every refusal is 0x80. */
export function subackPacket(
  version: ProtocolVersion,
  messageId: number,
  reasonCodes: readonly number[],
): Buffer {
  const granted =
    version === 5 ? [...reasonCodes] : reasonCodes.map((code) => (isFailure(code) ? 0x80 : code))
  return encode({ cmd: 'suback', messageId, granted }, version)
}

/** Encodes an UNSUBACK; over MQTT 3.1.1 it has no reason codes. */
export function unsubackPacket(
  version: ProtocolVersion,
  messageId: number,
  reasonCodes: readonly number[],
): Buffer {
  return encode({ cmd: 'unsuback', messageId, granted: version === 5 ? [...reasonCodes] : [] }, version)
}
