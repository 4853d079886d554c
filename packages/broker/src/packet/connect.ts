import { validateTopicName } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import type { IConnectPacket } from 'mqtt-packet'
import { decodeConnect } from './codec.js'
import type { ProtocolVersion } from './codec.js'
import { Cursor } from './cursor.js'
import { PropertyContext, noProperties, walkProperties } from './properties.js'
import type { PropertySection } from './properties.js'
import { noPropertyBytes } from './publication.js'
import { Reason } from './reason.js'
import { malformed, protocolError, violation } from './violation.js'

/** The Will of a CONNECT. */
export interface WillRequest {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  /** Seconds between the loss of the connection and the Will. */
  readonly willDelayInterval: number
  /** The encoded properties of the message to publish: those of the Will without the Will Delay Interval. */
  readonly properties: Uint8Array
  readonly expiryOffset: number
  /** The Message Expiry Interval, in seconds; absent if the message does not expire. */
  readonly messageExpiryInterval?: number
  /** Whether the client declares the payload to be UTF-8. */
  readonly payloadFormatIndicator: boolean
}

/** A decoded and checked CONNECT. */
export interface ConnectRequest {
  readonly version: ProtocolVersion
  readonly clientId: string
  readonly cleanStart: boolean
  readonly keepAlive: number
  readonly userName?: string
  readonly password?: Uint8Array
  readonly will?: WillRequest
  /** Seconds; for MQTT 3.1.1 either 0 or `foreverSeconds`. */
  readonly sessionExpiryInterval: number
  readonly receiveMaximum: number
  readonly maximumPacketSize: number
  readonly topicAliasMaximum: number
  readonly requestResponseInformation: boolean
  readonly requestProblemInformation: boolean
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/** The Session Expiry Interval of a session that does not expire. */
export const foreverSeconds = 0xffffffff

/** The protocol of a CONNECT. */
export interface Protocol {
  /** The Protocol Version of the packet; 0 for MQTT 3.1. */
  readonly level: number
  /** The version in which a refusal is encoded. */
  readonly version: ProtocolVersion
}

/** Decodes the protocol of a CONNECT; throws a violation if its name is not MQTT [MQTT-3.1.2-1]. */
export function readProtocol(packet: Buffer, bodyAt: number): Protocol {
  const cursor = new Cursor(packet, bodyAt, packet.length)
  cursor.binary()
  const name = packet.toString('latin1', bodyAt + 2, cursor.at)
  const level = cursor.byte()
  if (name === 'MQIsdp') return { level: 0, version: 4 }
  if (name !== 'MQTT') throw malformed('the Protocol Name is not MQTT [MQTT-3.1.2-1]')
  return { level, version: level >= 5 ? 5 : 4 }
}

/** Decodes a CONNECT; throws a violation if it breaks a rule. `version` is the result of `readProtocol`. */
export function readConnect(packet: Buffer, bodyAt: number, version: ProtocolVersion): ConnectRequest {
  const cursor = new Cursor(packet, bodyAt, packet.length)
  const willSection = walkConnect(cursor, version)
  const decoded = decodeConnect(packet)
  const { properties = {}, will, username, password, clientId } = decoded
  const cleanStart = decoded.clean === true
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('Authentication Data without an Authentication Method')
  }
  if (will !== undefined && validateTopicName(will.topic) !== undefined) {
    // MQTT 3.1.1 has no return code for it: the server closes the connection without a CONNACK [MQTT-3.1.4-1].
    if (version === 4) throw malformed('the Will Topic is empty or contains a wildcard [MQTT-4.7.1-1]')
    throw violation(Reason.topicNameInvalid, 'the Will Topic is empty or contains a wildcard [MQTT-4.7.0-1]')
  }
  if (version === 4 && clientId === '' && !cleanStart) {
    throw violation(
      Reason.clientIdentifierNotValid,
      'the Client Identifier is empty, although Clean Session is 0 [MQTT-3.1.3-8]',
    )
  }
  return {
    version,
    clientId,
    cleanStart,
    keepAlive: decoded.keepalive ?? 0,
    ...(username === undefined ? {} : { userName: username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will: toWill(will, packet, willSection) }),
    sessionExpiryInterval:
      version === 5 ? (properties.sessionExpiryInterval ?? 0) : cleanStart ? 0 : foreverSeconds,
    receiveMaximum: properties.receiveMaximum ?? 0xffff,
    maximumPacketSize: properties.maximumPacketSize ?? Infinity,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    requestResponseInformation: properties.requestResponseInformation === true,
    requestProblemInformation: properties.requestProblemInformation !== false,
    ...pickAuthentication(properties),
  }
}

function pickAuthentication(
  properties: NonNullable<IConnectPacket['properties']>,
): Pick<ConnectRequest, 'authenticationMethod' | 'authenticationData'> {
  const { authenticationMethod, authenticationData } = properties
  return {
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
    ...(authenticationData === undefined ? {} : { authenticationData }),
  }
}

/** Checks all fields of the packet, since the codec checks neither strings, nor properties, nor trailing bytes. */
function walkConnect(cursor: Cursor, version: ProtocolVersion): PropertySection {
  cursor.text()
  cursor.byte()
  const flags = cursor.byte()
  const hasWill = (flags & 0x04) !== 0
  if ((flags & 0x01) !== 0) throw malformed('the reserved connect flag is set [MQTT-3.1.2-3]')
  if (!hasWill && (flags & 0x38) !== 0)
    throw malformed('Will QoS or Will Retain is set without a Will [MQTT-3.1.2-11/13]')
  if ((flags & 0x18) === 0x18) throw malformed('the Will QoS is 3 [MQTT-3.1.2-12]')
  if (version === 4 && (flags & 0xc0) === 0x40) throw malformed('Password without User Name [MQTT-3.1.2-22]')
  cursor.word()
  if (version === 5) walkProperties(cursor, PropertyContext.connect)
  cursor.text()
  const will = noProperties()
  if (hasWill) {
    if (version === 5) walkProperties(cursor, PropertyContext.will, will)
    cursor.text()
    cursor.binary()
  }
  if ((flags & 0x80) !== 0) cursor.text()
  if ((flags & 0x40) !== 0) cursor.binary()
  if (cursor.rest > 0) throw malformed('bytes follow the last field of CONNECT')
  return will
}

function toWill(
  will: NonNullable<IConnectPacket['will']>,
  packet: Buffer,
  section: PropertySection,
): WillRequest {
  const { properties, expiryOffset } = withoutWillDelay(
    packet.subarray(section.start, section.end),
    section.start,
    section,
  )
  return {
    topic: will.topic,
    payload: Buffer.from(will.payload as Buffer),
    qos: will.qos ?? 0,
    retain: will.retain === true,
    willDelayInterval: will.properties?.willDelayInterval ?? 0,
    properties,
    expiryOffset,
    payloadFormatIndicator: section.payloadFormatIndicator,
    ...(section.expiryOffset < 0 ? {} : { messageExpiryInterval: section.messageExpiryInterval }),
  }
}

/** Returns the properties of a Will without the Will Delay Interval, which is not forwarded. */
function withoutWillDelay(
  bytes: Buffer,
  start: number,
  section: PropertySection,
): { readonly properties: Uint8Array; readonly expiryOffset: number } {
  const expiryOffset = section.expiryOffset < 0 ? -1 : section.expiryOffset - start
  const { willDelayOffset } = section
  if (willDelayOffset < 0)
    return { properties: bytes.length === 0 ? noPropertyBytes : Buffer.from(bytes), expiryOffset }
  const cut = willDelayOffset - start
  return {
    properties: Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + 5)]),
    expiryOffset: expiryOffset > cut ? expiryOffset - 5 : expiryOffset,
  }
}
