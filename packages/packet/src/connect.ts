import { ByteWriter } from './byte-writer.js'
import { PacketType, type ProtocolVersion, type QoS } from './packet-type.js'
import { Property } from './property-reader.js'
import { type PublishProperties, writePublishProperties } from './publish-properties.js'

/** The Will Message of a CONNECT. */
export interface WillMessage extends PublishProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  /** Seconds between the loss of the connection and the Will. */
  readonly willDelayInterval?: number
}

/** The properties of a CONNECT. */
export interface ConnectProperties {
  readonly sessionExpiryInterval?: number
  readonly receiveMaximum?: number
  readonly maximumPacketSize?: number
  readonly topicAliasMaximum?: number
  readonly requestResponseInformation?: boolean
  readonly requestProblemInformation?: boolean
  readonly authenticationMethod?: string
  readonly authenticationData?: Uint8Array
  readonly userProperties?: readonly (readonly [name: string, value: string])[]
}

/** A CONNECT. Properties, also those of the Will, are sent in MQTT 5 only. */
export interface ConnectPacket {
  readonly clientId: string
  readonly cleanStart: boolean
  /** Seconds; 0 switches the Keep Alive off. */
  readonly keepAlive: number
  readonly username?: string
  /** Needs a `username` in MQTT 3.1.1 [MQTT-3.1.2-22]. */
  readonly password?: string | Uint8Array
  readonly will?: WillMessage
  readonly properties: ConnectProperties
}

// Reused by every call, to save allocations.
const body = new ByteWriter(256)
const properties = new ByteWriter(256)

/** Appends a CONNECT. Its fields must be valid; a field that is too long throws a `RangeError`. */
export function writeConnect(to: ByteWriter, packet: ConnectPacket, version: ProtocolVersion): void {
  const { clientId, keepAlive, username, password, will } = packet
  body.clear()
  body.text('MQTT')
  body.byte(version)
  body.byte(flagsOf(packet))
  body.twoBytes(keepAlive)
  if (version === 5) {
    properties.clear()
    writeProperties(packet.properties)
    endProperties()
  }
  body.text(clientId)
  if (will !== undefined) writeWill(will, version)
  if (username !== undefined) body.text(username)
  if (typeof password === 'string') body.text(password)
  else if (password !== undefined) body.binary(password)
  to.byte(PacketType.connect)
  to.variableByteInteger(body.length)
  to.append(body)
}

function flagsOf({ cleanStart, username, password, will }: ConnectPacket): number {
  const willFlags = will === undefined ? 0 : 0x04 | (will.qos << 3) | (will.retain ? 0x20 : 0)
  const userFlags = (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40)
  return (cleanStart ? 0x02 : 0) | willFlags | userFlags
}

function writeWill(will: WillMessage, version: ProtocolVersion): void {
  if (version === 5) {
    properties.clear()
    writeFourBytes(Property.willDelayInterval, will.willDelayInterval)
    writePublishProperties(properties, will)
    endProperties()
  }
  body.text(will.topic)
  body.binary(will.payload)
}

function writeProperties(packet: ConnectProperties): void {
  writeFourBytes(Property.sessionExpiryInterval, packet.sessionExpiryInterval)
  writeTwoBytes(Property.receiveMaximum, packet.receiveMaximum)
  writeFourBytes(Property.maximumPacketSize, packet.maximumPacketSize)
  writeTwoBytes(Property.topicAliasMaximum, packet.topicAliasMaximum)
  writeFlag(Property.requestResponseInformation, packet.requestResponseInformation)
  writeFlag(Property.requestProblemInformation, packet.requestProblemInformation)
  const { authenticationMethod, authenticationData, userProperties } = packet
  if (authenticationMethod !== undefined) {
    properties.byte(Property.authenticationMethod)
    properties.text(authenticationMethod)
  }
  if (authenticationData !== undefined) {
    properties.byte(Property.authenticationData)
    properties.binary(authenticationData)
  }
  if (userProperties !== undefined) writePublishProperties(properties, { userProperties })
}

function writeFlag(id: number, value: boolean | undefined): void {
  if (value === undefined) return
  properties.byte(id)
  properties.byte(value ? 1 : 0)
}

function writeTwoBytes(id: number, value: number | undefined): void {
  if (value === undefined) return
  properties.byte(id)
  properties.twoBytes(value)
}

function writeFourBytes(id: number, value: number | undefined): void {
  if (value === undefined) return
  properties.byte(id)
  properties.fourBytes(value)
}

function endProperties(): void {
  body.variableByteInteger(properties.length)
  body.append(properties)
}
