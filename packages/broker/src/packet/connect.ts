import { validateTopicName } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import type { IConnectPacket } from 'mqtt-packet'
import {
  checkProperties,
  type Cursor,
  PacketError,
  PropertyContext,
  PropertySection,
  Reason,
  malformed,
  protocolError,
  readPropertySection,
  type ProtocolVersion,
} from '@antiphon/packet'
import { decode } from './codec.js'
import { without } from './publish.js'

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
  /** Whether the client speaks MQTT 3.1, of which `version` is 4. */
  readonly isMqtt31: boolean
  /** Whether the client is a bridge to another broker. */
  readonly isBridge: boolean
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
  /** The Protocol Version of the packet, without the bit that marks a bridge. */
  readonly level: number
  /** The version in which its packets are read and written; 4 for MQTT 3.1. */
  readonly version: ProtocolVersion
  /** Whether it is MQTT 3.1, whose Protocol Name is MQIsdp. */
  readonly isMqtt31: boolean
  /** Whether the client is a bridge: another broker that forwards messages, which Mosquitto marks by a bit of the version. */
  readonly isBridge: boolean
}

/** Decodes the protocol of a CONNECT; throws a `PacketError` if its name is not MQTT [MQTT-3.1.2-1]. */
export function readProtocol(cursor: Cursor): Protocol {
  const name = Buffer.from(cursor.view(cursor.twoBytes())).toString('latin1')
  const byte = cursor.byte()
  const isMqtt31 = name === 'MQIsdp'
  if (!isMqtt31 && name !== 'MQTT') throw malformed('the Protocol Name is not MQTT [MQTT-3.1.2-1]')
  const expected = isMqtt31 ? 3 : 4
  const isBridge = byte === (0x80 | expected)
  const level = isBridge ? expected : byte
  return { level, version: !isMqtt31 && level >= 5 ? 5 : 4, isMqtt31, isBridge }
}

/** Decodes a CONNECT; throws a `PacketError` if it breaks a rule. `readProtocol` has returned `protocol` and moved `cursor`. */
export function readConnect(packet: Buffer, cursor: Cursor, protocol: Protocol): ConnectRequest {
  const { version, isMqtt31, isBridge } = protocol
  const willSection = walkConnect(cursor, version)
  const decoded = decode<IConnectPacket>('connect', packet)
  const { properties = {}, will, username, password, clientId } = decoded
  const cleanStart = decoded.clean === true
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw protocolError('Authentication Data without an Authentication Method')
  }
  if (will !== undefined && validateTopicName(will.topic) !== undefined) {
    // MQTT 3.1.1 has no return code for it: the server closes the connection without a CONNACK [MQTT-3.1.4-1].
    if (version === 4) throw malformed('the Will Topic is empty or contains a wildcard [MQTT-4.7.1-1]')
    throw new PacketError(
      Reason.topicNameInvalid,
      'the Will Topic is empty or contains a wildcard [MQTT-4.7.0-1]',
    )
  }
  if (version === 4 && clientId === '' && (!cleanStart || isMqtt31)) {
    const rule = isMqtt31 ? 'MQTT 3.1 requires one' : 'Clean Session is 0 [MQTT-3.1.3-8]'
    throw new PacketError(Reason.clientIdentifierNotValid, `the Client Identifier is empty, although ${rule}`)
  }
  return {
    version,
    isMqtt31,
    isBridge,
    clientId,
    cleanStart,
    keepAlive: decoded.keepalive ?? 0,
    ...(username === undefined ? {} : { userName: username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined ? {} : { will: toWill(will, cursor.bytes, willSection) }),
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
  const flags = cursor.byte()
  const hasWill = (flags & 0x04) !== 0
  if ((flags & 0x01) !== 0) throw malformed('the reserved connect flag is set [MQTT-3.1.2-3]')
  if (!hasWill && (flags & 0x38) !== 0)
    throw malformed('Will QoS or Will Retain is set without a Will [MQTT-3.1.2-11/13]')
  if ((flags & 0x18) === 0x18) throw malformed('the Will QoS is 3 [MQTT-3.1.2-12]')
  if (version === 4 && (flags & 0xc0) === 0x40) throw malformed('Password without User Name [MQTT-3.1.2-22]')
  cursor.twoBytes()
  if (version === 5) checkProperties(cursor, PropertyContext.connect)
  cursor.text()
  const will = new PropertySection()
  if (hasWill) {
    if (version === 5) readPropertySection(cursor, PropertyContext.will, will)
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
  bytes: Uint8Array,
  section: PropertySection,
): WillRequest {
  const { start, end, willDelayOffset } = section
  const properties = Buffer.from(bytes.subarray(start, end))
  return {
    topic: will.topic,
    payload: Buffer.from(will.payload as Buffer),
    qos: will.qos ?? 0,
    retain: will.retain === true,
    willDelayInterval: will.properties?.willDelayInterval ?? 0,
    // The Will Delay Interval is not forwarded.
    properties: willDelayOffset < 0 ? properties : without(properties, willDelayOffset - start, 5),
    expiryOffset: section.expiryOffsetWithout(willDelayOffset, 5),
    payloadFormatIndicator: section.payloadFormatIndicator,
    ...(section.expiryOffset < 0 ? {} : { messageExpiryInterval: section.messageExpiryInterval }),
  }
}
