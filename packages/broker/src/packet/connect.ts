import { validateTopicName } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import type { IConnectPacket } from 'mqtt-packet'
import { decodeConnect } from './codec.js'
import type { ProtocolVersion } from './codec.js'
import { Cursor } from './cursor.js'
import { Place, noProperties, walkProperties } from './properties.js'
import type { PropertySection } from './properties.js'
import { noPropertyBytes } from './publication.js'
import { Reason } from './reason.js'
import { malformed, protocolError, violation } from './violation.js'

/** The will of a CONNECT. */
export interface WillRequest {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  /** Seconds between the end of the connection and the will. */
  readonly willDelayInterval: number
  /** Its properties as they are published: byte for byte, without the Will Delay Interval. */
  readonly properties: Uint8Array
  readonly expiryAt: number
  /** Seconds it stays worth delivering once published; `undefined` for ever. */
  readonly expiry?: number
  /** It says that its payload is UTF-8. */
  readonly isTextPayload: boolean
}

/** A CONNECT that was read and checked. */
export interface ConnectRequest {
  readonly version: ProtocolVersion
  readonly clientId: string
  readonly cleanStart: boolean
  readonly keepAlive: number
  readonly userName?: string
  readonly password?: Uint8Array
  readonly will?: WillRequest
  /** Seconds; on 3.1.1 for ever or not at all. */
  readonly sessionExpiryInterval: number
  readonly receiveMaximum: number
  readonly maximumPacketSize: number
  readonly topicAliasMaximum: number
  readonly wantsResponseInformation: boolean
  readonly wantsProblemInformation: boolean
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
}

/** For ever, as a Session Expiry Interval says it. */
export const foreverSeconds = 0xffffffff

/** What a CONNECT opens with. */
export interface Protocol {
  /** As the client says it; 0 for what calls itself by the name of older protocols. */
  readonly level: number
  /** The version whose words a refusal is to be put in. */
  readonly version: ProtocolVersion
}

/** Reads what a CONNECT opens with; throws for what does not call itself MQTT [MQTT-3.1.2-1]. */
export function readProtocol(packet: Buffer, bodyAt: number): Protocol {
  const cursor = new Cursor(packet, bodyAt, packet.length)
  cursor.binary()
  const name = packet.toString('latin1', bodyAt + 2, cursor.at)
  const level = cursor.byte()
  if (name === 'MQIsdp') return { level: 0, version: 4 }
  if (name !== 'MQTT') throw malformed('the packet does not open with the protocol name MQTT [MQTT-3.1.2-1]')
  return { level, version: level >= 5 ? 5 : 4 }
}

/** Reads a whole CONNECT packet; throws the violation it commits. The caller has looked at its protocol level. */
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
    // 3.1.1 has no return code for it, and closes without a CONNACK [MQTT-3.1.4-1].
    if (version === 4) throw malformed('the will topic is empty or holds a wildcard [MQTT-4.7.1-1]')
    throw violation(Reason.topicNameInvalid, 'the will topic is empty or holds a wildcard [MQTT-4.7.0-1]')
  }
  if (version === 4 && clientId === '' && !cleanStart) {
    throw violation(
      Reason.clientIdentifierNotValid,
      'an empty client identifier needs a clean session [MQTT-3.1.3-8]',
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
    wantsResponseInformation: properties.requestResponseInformation === true,
    wantsProblemInformation: properties.requestProblemInformation !== false,
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

/** Walks over every field of the packet, since the codec checks neither strings nor properties nor its end. */
function walkConnect(cursor: Cursor, version: ProtocolVersion): PropertySection {
  cursor.text()
  cursor.byte()
  const flags = cursor.byte()
  const hasWill = (flags & 0x04) !== 0
  if ((flags & 0x01) !== 0) throw malformed('the reserved connect flag is set [MQTT-3.1.2-3]')
  if (!hasWill && (flags & 0x38) !== 0)
    throw malformed('will QoS or will retain without a will [MQTT-3.1.2-11/13]')
  if ((flags & 0x18) === 0x18) throw malformed('the will QoS is 3 [MQTT-3.1.2-12]')
  if (version === 4 && (flags & 0xc0) === 0x40)
    throw malformed('a password without a user name [MQTT-3.1.2-22]')
  cursor.word()
  if (version === 5) walkProperties(cursor, Place.connect)
  cursor.text()
  const will = noProperties()
  if (hasWill) {
    if (version === 5) walkProperties(cursor, Place.will, will)
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
  const { properties, expiryAt } = withoutDelay(
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
    expiryAt,
    isTextPayload: section.isTextPayload,
    ...(section.expiryAt < 0 ? {} : { expiry: section.expiry }),
  }
}

/** The will's properties without the delay, which is for the broker alone. */
function withoutDelay(
  bytes: Buffer,
  start: number,
  section: PropertySection,
): { readonly properties: Uint8Array; readonly expiryAt: number } {
  const expiryAt = section.expiryAt < 0 ? -1 : section.expiryAt - start
  const { delayAt } = section
  if (delayAt < 0) return { properties: bytes.length === 0 ? noPropertyBytes : Buffer.from(bytes), expiryAt }
  const cut = delayAt - start
  return {
    properties: Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + 5)]),
    expiryAt: expiryAt > cut ? expiryAt - 5 : expiryAt,
  }
}
