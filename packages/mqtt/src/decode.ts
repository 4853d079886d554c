import type { Message, QoS } from '@antiphon/core'
import type { PacketBounds } from './framer.js'
import { StringInterner } from './string-interner.js'

/** A PUBLISH as received. */
export interface ReceivedPublish {
  readonly message: Mutable<Message>
  /** The Packet Identifier; 0 at QoS 0. */
  readonly id: number
  /** The Topic Alias; 0 for none. */
  alias: number
  /** Describes an invalid field that does not make the rest of the packet unreadable. */
  fault: string | undefined
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** A PUBACK, PUBREC, PUBREL or PUBCOMP as received. */
export interface ReceivedAcknowledgement<Command extends string> {
  readonly cmd: Command
  readonly id: number
  readonly reasonCode: number
}

const interner = new StringInterner()

// The cursor of the decoder, valid during one call only. Module state saves an allocation per packet.
let bytes: Uint8Array = new Uint8Array()
let at = 0
let end = 0

/** Decodes a PUBLISH; throws if it is malformed [MQTT-4.13.1-1]. */
export function decodePublish(
  from: Uint8Array,
  bounds: PacketBounds,
  protocolVersion: 4 | 5,
): ReceivedPublish {
  const { firstByte } = bounds
  const qos = (firstByte >> 1) & 3
  if (qos === 3) throw new Error('malformed PUBLISH: both QoS bits are set [MQTT-3.3.1-4]')
  open(from, bounds)
  const topic = text()
  const id = qos === 0 ? 0 : packetIdentifier()
  const publish: ReceivedPublish = {
    message: {
      topic: topic ?? '',
      payload: bytes,
      qos: qos as QoS,
      retain: (firstByte & 1) !== 0,
      dup: (firstByte & 8) !== 0,
    },
    id,
    alias: 0,
    fault: topic === undefined ? invalidField('topic') : undefined,
  }
  if (protocolVersion === 5) readProperties(publish)
  publish.message.payload = view(end - at)
  return publish
}

/** Decodes a PUBACK, PUBREC, PUBREL or PUBCOMP; throws if it is malformed. */
export function decodeAcknowledgement<Command extends string>(
  from: Uint8Array,
  bounds: PacketBounds,
  cmd: Command,
): ReceivedAcknowledgement<Command> {
  open(from, bounds)
  return { cmd, id: packetIdentifier(), reasonCode: at < end ? byte() : 0 }
}

function open(from: Uint8Array, bounds: PacketBounds): void {
  bytes = from
  at = bounds.bodyStart
  end = bounds.end
}

function readProperties(publish: ReceivedPublish): void {
  const limit = variableByteInteger() + at
  if (limit > end) throw new Error('malformed PUBLISH: its properties are longer than the packet')
  let seen = 0
  while (at < limit) {
    const property = byte()
    const name = names[property]
    if (name === undefined)
      throw new Error(`malformed PUBLISH: it has the property 0x${property.toString(16)}`)
    const bit = 1 << (property & 31)
    if (!readProperty(property, publish) || (seen & bit) !== 0) publish.fault ??= invalidField(name)
    if (property < subscriptionIdentifier || property === topicAlias) seen |= bit
  }
  if (at > limit) throw new Error('malformed PUBLISH: a property exceeds the Property Length')
}

const subscriptionIdentifier = 0x0b
const topicAlias = 0x23

/** The properties of PUBLISH. Each may occur once, except Subscription Identifier and User Property. */
const names: Readonly<Record<number, string>> = {
  0x01: 'Payload Format Indicator',
  0x02: 'Message Expiry Interval',
  0x03: 'Content Type',
  0x08: 'Response Topic',
  0x09: 'Correlation Data',
  [topicAlias]: 'Topic Alias',
  [subscriptionIdentifier]: 'Subscription Identifier',
  0x26: 'User Property',
}

/** Reads the value of a property into the message. Returns `false` if the value is invalid. */
function readProperty(property: number, publish: ReceivedPublish): boolean {
  const { message } = publish
  switch (property) {
    case 0x01: {
      const indicator = byte()
      message.payloadFormatIndicator = indicator === 1
      return indicator <= 1
    }
    case 0x02:
      message.messageExpiryInterval = twoBytes() * 0x10000 + twoBytes()
      return true
    case 0x03: {
      const contentType = text()
      message.contentType = contentType ?? ''
      return contentType !== undefined
    }
    case 0x08: {
      const responseTopic = text()
      message.responseTopic = responseTopic ?? ''
      return responseTopic !== undefined
    }
    case 0x09:
      message.correlationData = view(twoBytes())
      return true
    case subscriptionIdentifier: {
      const identifiers = (message.subscriptionIdentifiers ?? []) as number[]
      identifiers.push(variableByteInteger())
      message.subscriptionIdentifiers = identifiers
      return true
    }
    case topicAlias:
      publish.alias = twoBytes()
      return true
    default: {
      const name = text()
      const value = text()
      const pairs = (message.userProperties ?? []) as [string, string][]
      pairs.push([name ?? '', value ?? ''])
      message.userProperties = pairs
      return name !== undefined && value !== undefined
    }
  }
}

function invalidField(field: string): string {
  return `its ${field} is repeated, or is not UTF-8 without U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]`
}

function byte(): number {
  advance(1)
  return bytes[at - 1] ?? 0
}

function twoBytes(): number {
  advance(2)
  return ((bytes[at - 2] ?? 0) << 8) | (bytes[at - 1] ?? 0)
}

function packetIdentifier(): number {
  const id = twoBytes()
  if (id === 0) throw new Error('malformed packet: its Packet Identifier is 0 [MQTT-2.2.1-3]')
  return id
}

/** Reads a Variable Byte Integer [MQTT-1.5.5-1]. */
function variableByteInteger(): number {
  let value = 0
  for (let shift = 0; shift < 28; shift += 7) {
    const part = byte()
    value += (part & 0x7f) << shift
    if (part < 0x80) return value
  }
  throw new Error('malformed packet: a Variable Byte Integer has more than four bytes')
}

function text(): string | undefined {
  const start = at + 2
  advance(twoBytes())
  return interner.read(bytes, start, at)
}

/** Reads the next bytes without copying them. */
function view(length: number): Uint8Array {
  advance(length)
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at - length, length)
}

function advance(length: number): void {
  at += length
  if (at > end) throw new Error('malformed packet: it ends in the middle of a field')
}
