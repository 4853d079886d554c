import type { IConnackPacket, IDisconnectPacket } from 'mqtt-packet'
import { encode } from '../packet/codec.js'
import type { ProtocolVersion } from '../packet/codec.js'
import type { ConnectRequest } from '../packet/connect.js'
import { inWordsOf, isFailure, toConnectReturnCode } from '../packet/reason.js'
import type { Settings } from '../options.js'

/** The properties of a CONNACK as the codec writes them. */
export type ConnackProperties = NonNullable<IConnackPacket['properties']>

/** What a CONNACK says to the client it lets in, apart from what every client is told. */
export interface Welcome {
  readonly sessionPresent: boolean
  readonly properties: ConnackProperties
}

/** The CONNACK that lets a client in. */
export function welcomePacket(version: ProtocolVersion, welcome: Welcome): Buffer {
  const { sessionPresent, properties } = welcome
  return version === 5
    ? encode({ cmd: 'connack', reasonCode: 0, sessionPresent, properties }, 5)
    : encode({ cmd: 'connack', returnCode: 0, sessionPresent }, 4)
}

/** The CONNACK that turns a client away; with no session present [MQTT-3.2.2-6]. */
export function refusalPacket(version: ProtocolVersion, refusal: Refusal): Buffer {
  const { reasonString, serverReference, maximumPacketSize } = refusal
  if (version === 4) {
    const returnCode = toConnectReturnCode(refusal.reasonCode)
    return encode({ cmd: 'connack', returnCode, sessionPresent: false }, 4)
  }
  const reasonCode = inWordsOf('connack', refusal.reasonCode)
  const properties = serverReference === undefined ? {} : { serverReference }
  const bare: IConnackPacket = { cmd: 'connack', reasonCode, sessionPresent: false, properties }
  return explained(bare, reasonString, maximumPacketSize) // [MQTT-3.2.2-19]
}

/** Why a client is turned away. */
export interface Refusal {
  readonly reasonCode: number
  readonly reasonString: string
  /** Where it should go instead. */
  readonly serverReference: string | undefined
  /** The client's own bound, `Infinity` where it has not come to telling it. */
  readonly maximumPacketSize: number
}

/** A packet with a reason in words, unless it would be too large with it. */
function explained(
  packet: IConnackPacket | IDisconnectPacket,
  reason: string,
  maximumPacketSize: number,
): Buffer {
  // Reasons may quote what the client sent, and a string on the wire has its bound.
  const reasonString = reason.slice(0, 200)
  const whole = encode({ ...packet, properties: { ...packet.properties, reasonString } }, 5)
  return whole.length <= maximumPacketSize ? whole : encode(packet, 5)
}

/** The reason for which a packet is not sent. */
export function excessOf({ length }: Buffer): string {
  return `an answer of ${length} bytes is larger than the client accepts [MQTT-3.1.2-24]`
}

/** What a v5 client is told of the broker's bounds; what equals the protocol's own default is left out. */
export function offeredProperties(settings: Settings, request: ConnectRequest): ConnackProperties {
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

/** A DISCONNECT from the broker, never with a Session Expiry Interval [MQTT-3.14.2-2], explained where that fits. */
export function disconnectPacket(request: ConnectRequest, why: Omit<Refusal, 'maximumPacketSize'>): Buffer {
  const { wantsProblemInformation, maximumPacketSize } = request
  const { reasonString, serverReference } = why
  const reasonCode = inWordsOf('disconnect', why.reasonCode)
  const properties = serverReference === undefined ? {} : { properties: { serverReference } }
  const packet: IDisconnectPacket = { cmd: 'disconnect', reasonCode, ...properties }
  return wantsProblemInformation ? explained(packet, reasonString, maximumPacketSize) : encode(packet, 5) // [MQTT-3.14.2-3]
}

/** The SUBACK of a SUBSCRIBE; on 3.1.1 every refusal is 0x80. */
export function subackPacket(
  version: ProtocolVersion,
  messageId: number,
  reasonCodes: readonly number[],
): Buffer {
  const granted =
    version === 5 ? [...reasonCodes] : reasonCodes.map((code) => (isFailure(code) ? 0x80 : code))
  return encode({ cmd: 'suback', messageId, granted }, version)
}

/** The UNSUBACK of an UNSUBSCRIBE; on 3.1.1 it says no more than that. */
export function unsubackPacket(
  version: ProtocolVersion,
  messageId: number,
  reasonCodes: readonly number[],
): Buffer {
  return encode({ cmd: 'unsuback', messageId, granted: version === 5 ? [...reasonCodes] : [] }, version)
}
