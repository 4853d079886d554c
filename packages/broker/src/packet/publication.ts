import type { Message, MessageProperties, OutgoingMessage, QoS } from '@antiphon/core'
import {
  decodePublishProperties,
  encodeTemplate,
  type Mutable,
  type ProtocolVersion,
  type PublishTemplate,
} from '@antiphon/packet'
import { allocate } from './allocate.js'
import { encodeProperties } from './message-properties.js'

/** The parts of a publication. */
export interface PublicationParts {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  /** The encoded properties, which are forwarded unchanged [MQTT-3.3.2-17/18], without Topic Alias. */
  readonly properties: Uint8Array
  /** The offset of the value of the Message Expiry Interval in `properties`; -1 if absent. */
  readonly expiryOffset: number
  /** When it expires, on the broker's clock; `Infinity` if it does not. */
  readonly expiresAt: number
  /** The Client Identifier of its publisher, for No Local; empty for a message from the broker itself. */
  readonly publisherId: string
}

const empty = new Uint8Array(0)

/**
 * A message in the broker: one object for all its receivers, with the property bytes as received. Receivers share its
 * encoded templates.
 */
export class Publication implements PublicationParts {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  readonly properties: Uint8Array
  readonly expiryOffset: number
  readonly expiresAt: number
  readonly publisherId: string
  /** Its number in the storage; 0 while it is not stored. */
  storageId = 0
  /** The number of stored outbound messages that refer to it. */
  storageReferences = 0
  /** The number of queues of sessions that it is in. */
  holders = 0
  /** Its sequence number among the retained messages; 0 if it was never retained. */
  retainSequence = 0
  #templates: PublishTemplate[] | undefined
  #decoded: MessageProperties | undefined

  constructor(parts: PublicationParts) {
    this.topic = parts.topic
    this.payload = parts.payload
    this.qos = parts.qos
    this.retain = parts.retain
    this.properties = parts.properties
    this.expiryOffset = parts.expiryOffset
    this.expiresAt = parts.expiresAt
    this.publisherId = parts.publisherId
  }

  /** Its approximate size in memory, in bytes. */
  get size(): number {
    return this.topic.length + this.properties.length + this.payload.length + 64
  }

  /** Whether its Message Expiry Interval has passed [MQTT-3.3.2-5]. */
  isExpired(now: number): boolean {
    return now >= this.expiresAt
  }

  /** Returns the Message Expiry Interval to send at `now`: the remaining seconds [MQTT-3.3.2-6]. */
  remaining(now: number): number {
    return Math.max(0, Math.floor((this.expiresAt - now + 999) / 1000))
  }

  /** Its properties, decoded on first use. */
  get decoded(): MessageProperties {
    return (this.#decoded ??= decodePublishProperties(this.properties))
  }

  /** Returns its template of a shape; while it is being routed, receivers of the same shape share one. */
  template(key: number, identifiers: readonly number[] | null): PublishTemplate {
    const templates = this.#templates
    if (templates === undefined) return encodeTemplate(this, key, identifiers, allocate)
    for (const template of templates) {
      if (template.key === key && sameIdentifiers(template.identifiers, identifiers)) return template
    }
    const template = encodeTemplate(this, key, identifiers, allocate)
    // Receivers with different Subscription Identifiers cannot share templates, so that only a few are cached.
    if (templates.length < 8) templates.push(template)
    return template
  }

  /** Begins to cache templates. */
  beginRouting(): void {
    this.#templates = []
  }

  /** Releases the cached templates; the publication may be retained or queued for long. */
  endRouting(): void {
    this.#templates = undefined
  }
}

function sameIdentifiers(left: readonly number[] | null, right: readonly number[] | null): boolean {
  if (left === right) return true
  if (left === null || right === null || left.length !== right.length) return false
  return left.every((identifier, index) => identifier === right[index])
}

/** Returns the publication of a message that was published in process. */
export function fromOutgoing(message: OutgoingMessage, publisherId: string, now: number): Publication {
  const { bytes, expiryOffset } = encodeProperties(message)
  const { messageExpiryInterval } = message
  return new Publication({
    topic: message.topic,
    payload: message.payload,
    qos: message.qos ?? 1,
    retain: message.retain ?? false,
    properties: bytes,
    expiryOffset,
    expiresAt: messageExpiryInterval === undefined ? Infinity : expiryTime(messageExpiryInterval, now),
    publisherId,
  })
}

/**
 * Returns when a Message Expiry Interval that begins at `now` has passed; one of 0 s passes after the present
 * millisecond.
 */
export function expiryTime(seconds: number, now: number): number {
  return now + (seconds === 0 ? 0.5 : seconds * 1000)
}

/** Returns a publication as its receiver sees it; over MQTT 3.1.1 it has no properties. */
export function toMessage(
  publication: Publication,
  fields: DeliveryFields,
  now: number,
  version: ProtocolVersion = 5,
): Message {
  const { topic, payload } = publication
  const { qos, retain, dup, identifiers } = fields
  if (version === 4) return { topic, payload, qos, retain, dup }
  const message: Mutable<Message> = { topic, payload, qos, retain, dup, ...publication.decoded }
  const remaining = publication.remaining(now)
  if (remaining !== Infinity) message.messageExpiryInterval = remaining
  if (identifiers) message.subscriptionIdentifiers = identifiers
  return message
}

/** The fields of a PUBLISH that differ between receivers of a publication. */
export interface DeliveryFields {
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
  readonly identifiers?: readonly number[] | null
}

/** Returns the fields of a PUBLISH from its flags: DUP, QoS and RETAIN, as in its first byte. */
export function fromFlags(flags: number, identifiers: readonly number[] | null): DeliveryFields {
  return { qos: ((flags >> 1) & 3) as QoS, retain: (flags & 1) !== 0, dup: (flags & 8) !== 0, identifiers }
}

/** The encoding of no properties. */
export const noPropertyBytes: Uint8Array = empty
