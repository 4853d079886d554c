import type { Message, MessageProperties, OutgoingMessage, QoS } from '@antiphon/core'
import { decodeProperties, encodeProperties } from './message-properties.js'
import type { ProtocolVersion } from './codec.js'
import { encodeFrame } from './frame.js'
import type { Frame } from './frame.js'

/** What a publication is made of. */
export interface PublicationParts {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  /** The properties as they go out, byte for byte [MQTT-3.3.2-17/18], without Topic Alias. */
  readonly properties: Uint8Array
  /** Where in `properties` the four bytes of the Message Expiry Interval stand; -1 for none. */
  readonly expiryAt: number
  /** When it stops being worth delivering, on the broker's clock; `Infinity` for never. */
  readonly expiresAt: number
  /** Whose it is, for No Local; empty for the broker's own. */
  readonly publisher: string
}

const empty = new Uint8Array(0)

/**
 * A message on its way through the broker: one object for all its receivers, with the property bytes as they came and
 * each encoded form made once.
 */
export class Publication implements PublicationParts {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly retain: boolean
  readonly properties: Uint8Array
  readonly expiryAt: number
  readonly expiresAt: number
  readonly publisher: string
  /** Under which number the storage knows it; 0 while it is not stored. */
  storedAs = 0
  /** How many stored queue entries refer to it. */
  storedReferences = 0
  /** Its number among the retained messages; 0 while it was not retained. */
  retainedAs = 0
  #frames: Frame[] | undefined
  #decoded: MessageProperties | undefined

  constructor(parts: PublicationParts) {
    this.topic = parts.topic
    this.payload = parts.payload
    this.qos = parts.qos
    this.retain = parts.retain
    this.properties = parts.properties
    this.expiryAt = parts.expiryAt
    this.expiresAt = parts.expiresAt
    this.publisher = parts.publisher
  }

  /** Roughly what it costs to keep. */
  get size(): number {
    return this.topic.length + this.properties.length + this.payload.length + 64
  }

  /** Whether its Message Expiry Interval has passed [MQTT-3.3.2-5]. */
  isExpired(now: number): boolean {
    return now >= this.expiresAt
  }

  /** Seconds left of its expiry at `now`, as it goes on the wire [MQTT-3.3.2-6]. */
  remaining(now: number): number {
    return Math.max(0, Math.floor((this.expiresAt - now + 999) / 1000))
  }

  /** Its properties, decoded once for whoever asks. */
  get decoded(): MessageProperties {
    return (this.#decoded ??= decodeProperties(this.properties))
  }

  /** Its encoding in a given shape; while it is being routed, made once for all receivers of that shape. */
  frame(key: number, identifiers: readonly number[] | null): Frame {
    const frames = this.#frames
    if (frames === undefined) return encodeFrame(this, key, identifiers)
    for (const frame of frames) {
      if (frame.key === key && sameIdentifiers(frame.identifiers, identifiers)) return frame
    }
    const frame = encodeFrame(this, key, identifiers)
    // Receivers that all have identifiers of their own share nothing: a few frames are kept, no more.
    if (frames.length < 8) frames.push(frame)
    return frame
  }

  /** Keeps encoded forms from now on, for many receivers are coming. */
  beginRouting(): void {
    this.#frames = []
  }

  /** Lets go of them: the message itself may be kept for long. */
  endRouting(): void {
    this.#frames = undefined
  }
}

function sameIdentifiers(left: readonly number[] | null, right: readonly number[] | null): boolean {
  if (left === right) return true
  if (left === null || right === null || left.length !== right.length) return false
  return left.every((identifier, index) => identifier === right[index])
}

/** A publication of a message that came as a value rather than as bytes. */
export function fromOutgoing(message: OutgoingMessage, publisher: string, now: number): Publication {
  const { bytes, expiryAt } = encodeProperties(message)
  const { messageExpiryInterval } = message
  return new Publication({
    topic: message.topic,
    payload: message.payload,
    qos: message.qos ?? 1,
    retain: message.retain ?? false,
    properties: bytes,
    expiryAt,
    expiresAt: messageExpiryInterval === undefined ? Infinity : expiryTime(messageExpiryInterval, now),
    publisher,
  })
}

/** When an interval of `seconds` from `now` has passed; an interval of 0 lasts for the moment it arrives in. */
export function expiryTime(seconds: number, now: number): number {
  return now + (seconds === 0 ? 0.5 : seconds * 1000)
}

/** The publication as its receiver sees it; a 3.1.1 one sees no properties. */
export function toMessage(
  publication: Publication,
  as: Reception,
  now: number,
  version: ProtocolVersion = 5,
): Message {
  const { topic, payload } = publication
  const { qos, retain, dup, identifiers } = as
  const plain = { topic, payload, qos, retain, dup }
  if (version === 4) return plain
  const remaining = publication.remaining(now)
  return {
    ...publication.decoded,
    ...plain,
    ...(remaining === Infinity ? {} : { messageExpiryInterval: remaining }),
    ...(identifiers ? { subscriptionIdentifiers: identifiers } : {}),
  }
}

/** How one receiver gets a publication. */
export interface Reception {
  readonly qos: QoS
  readonly retain: boolean
  readonly dup: boolean
  readonly identifiers?: readonly number[] | null
}

/** No properties at all. */
export const noPropertyBytes: Uint8Array = empty
