import type { Message, QoS } from '@antiphon/core'
import type { PacketPlace } from './framer.js'
import { StringInterner } from './string-interner.js'

/** A PUBLISH as it arrived. */
export interface ReceivedPublish {
  readonly message: Mutable<Message>
  /** The packet identifier; 0 at QoS 0. */
  readonly id: number
  /** The topic alias; 0 for none. */
  alias: number
  /** Which of its fields broke a rule, where the packet can be read all the same. */
  fault: string | undefined
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** A packet that acknowledges. */
export interface ReceivedAcknowledgement<Command extends string> {
  readonly cmd: Command
  readonly id: number
  readonly reasonCode: number
}

const texts = new StringInterner()

// What is being read; nothing of it outlives the call.
let bytes: Uint8Array = new Uint8Array()
let at = 0
let end = 0

/** Reads a PUBLISH; throws where it is malformed [MQTT-4.13.1-1]. */
export function decodePublish(from: Uint8Array, place: PacketPlace, protocolVersion: 4 | 5): ReceivedPublish {
  const { first } = place
  const qos = (first >> 1) & 3
  if (qos === 3) throw new Error('both QoS bits of a PUBLISH are set [MQTT-3.3.1-4]')
  open(from, place)
  const topic = text()
  const id = qos === 0 ? 0 : identifier()
  const publish: ReceivedPublish = {
    message: {
      topic: topic ?? '',
      payload: bytes,
      qos: qos as QoS,
      retain: (first & 1) !== 0,
      dup: (first & 8) !== 0,
    },
    id,
    alias: 0,
    fault: topic === undefined ? unfit('topic') : undefined,
  }
  if (protocolVersion === 5) readProperties(publish)
  publish.message.payload = cut(end - at)
  return publish
}

/** Reads a packet that acknowledges; throws where it is malformed. */
export function decodeAcknowledgement<Command extends string>(
  from: Uint8Array,
  place: PacketPlace,
  cmd: Command,
): ReceivedAcknowledgement<Command> {
  open(from, place)
  return { cmd, id: identifier(), reasonCode: at < end ? byte() : 0 }
}

function open(from: Uint8Array, place: PacketPlace): void {
  bytes = from
  at = place.body
  end = place.end
}

function readProperties(publish: ReceivedPublish): void {
  const limit = variable() + at
  if (limit > end) throw new Error('the properties of a PUBLISH are longer than the packet')
  let seen = 0
  while (at < limit) {
    const property = byte()
    const name = names[property]
    if (name === undefined) throw new Error(`a PUBLISH has a property 0x${property.toString(16)}`)
    const bit = 1 << (property & 31)
    if (!isFit(property, publish) || (seen & bit) !== 0) publish.fault ??= unfit(name)
    if (property < subscriptionIdentifier || property === topicAlias) seen |= bit
  }
  if (at > limit) throw new Error('a property of a PUBLISH is longer than all of them')
}

const subscriptionIdentifier = 0x0b
const topicAlias = 0x23

/** The properties a PUBLISH can have; all but the last two once. */
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

/** Reads the value of a property into the message; `false` where it is not what it should be. */
function isFit(property: number, publish: ReceivedPublish): boolean {
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
      message.correlationData = cut(twoBytes())
      return true
    case subscriptionIdentifier: {
      const identifiers = (message.subscriptionIdentifiers ?? []) as number[]
      identifiers.push(variable())
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

function unfit(field: string): string {
  return `its ${field} came twice, or is not UTF-8 without U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]`
}

function byte(): number {
  step(1)
  return bytes[at - 1] ?? 0
}

function twoBytes(): number {
  step(2)
  return ((bytes[at - 2] ?? 0) << 8) | (bytes[at - 1] ?? 0)
}

function identifier(): number {
  const id = twoBytes()
  if (id === 0) throw new Error('a packet identifier is 0 [MQTT-2.2.1-3]')
  return id
}

/** A variable byte integer [MQTT-1.5.5-1]. */
function variable(): number {
  let value = 0
  for (let shift = 0; shift < 28; shift += 7) {
    const part = byte()
    value += (part & 0x7f) << shift
    if (part < 0x80) return value
  }
  throw new Error('a variable byte integer has more than four bytes')
}

function text(): string | undefined {
  const start = at + 2
  step(twoBytes())
  return texts.read(bytes, start, at)
}

/** The next bytes, not copied. */
function cut(length: number): Uint8Array {
  step(length)
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at - length, length)
}

function step(length: number): void {
  at += length
  if (at > end) throw new Error('a packet ends in the middle of a field')
}
