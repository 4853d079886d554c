import { isLeft } from 'fp-ts/lib/Either.js'
import type { Codec } from '../codec/codec.js'
import { codecFor, encodeWith } from '../codec/guard.js'
import type { Answerable } from '../correlation/correlation.js'
import type { Endpoint } from '../endpoint.js'
import type { Message, OutgoingMessage, QoS, UserProperties } from '../message.js'
import { fromPlace, type Place } from '../stream-place.js'
import { fromFailure, Status, type Failure } from '../status.js'
import { wholeSeconds } from '../time/whole-seconds.js'

const NOTHING = new Uint8Array()
const OK: UserProperties = [['__stat', String(Status.ok)]]
const NO_CONTENT: UserProperties = [['__stat', String(Status.noContent)]]

/** What all replies to one request have in common. A class, as `HeldDelivery` is. */
export class ReplyFrame {
  readonly endpoint: Endpoint
  readonly request: Message
  readonly replyTopic: string
  readonly answerable: Answerable
  /** Whether a status can travel; on MQTT 3.1.1 it cannot. */
  readonly hasStatuses: boolean

  constructor({ endpoint, request, replyTopic, answerable, hasStatuses }: ReplyFrame) {
    this.endpoint = endpoint
    this.request = request
    this.replyTopic = replyTopic
    this.answerable = answerable
    this.hasStatuses = hasStatuses
  }
}

/** A reply but for what its own request brings to it, so that a repetition of the request gets the same. */
export interface Reply {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly userProperties: UserProperties
  /** What the payload is in; absent where there is none. */
  readonly codec?: Pick<Codec<unknown>, 'contentType' | 'isText'>
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** The reply as it goes out: recognised by its request, and alive for what is left of that one's time. */
export function toMessage(reply: Reply, { properties }: Answerable, left: number): OutgoingMessage {
  const { topic, payload, qos, userProperties, codec } = reply
  const { correlationData } = properties
  const message: Mutable<OutgoingMessage> = { topic, payload, qos, userProperties }
  if (codec !== undefined) {
    message.contentType = codec.contentType
    message.payloadFormatIndicator = codec.isText
  }
  if (correlationData !== undefined) message.correlationData = correlationData
  if (left < Infinity) message.messageExpiryInterval = wholeSeconds(left)
  return message
}

/** The reply that carries an answer, written in the asker's own format; throws `encode` when it does not encode. */
export function toAnswer(frame: ReplyFrame, answer: unknown): Reply {
  return withContent(OK, frame, answer)
}

/** The reply of a handler that came to its end without an answer. */
export function toEmptyAnswer(frame: ReplyFrame): Reply {
  return empty(frame, NO_CONTENT)
}

/**
 * The reply that tells a failure; in its payload the endpoint's own words for it, for peers that read no statuses.
 * `undefined` where there is no way to tell it.
 */
export function toFailureReply(frame: ReplyFrame, failure: Failure): Reply | undefined {
  const { onFailure } = frame.endpoint
  const words = onFailure?.({ code: failure.code, message: failure.message ?? '' })
  if (words === undefined) return toBareFailure(frame, failure)
  return withContent(fromFailure(failure), frame, words)
}

/** The reply that tells a failure without any words; `undefined` where there is no way to tell it. */
export function toBareFailure(frame: ReplyFrame, failure: Failure): Reply | undefined {
  return frame.hasStatuses ? empty(frame, fromFailure(failure)) : undefined
}

/** The reply with its place in a stream. */
export function inStream(reply: Reply, place: Place): Reply {
  return { ...reply, userProperties: [...reply.userProperties, ['__stream', fromPlace(place)]] }
}

function empty({ request, replyTopic }: ReplyFrame, userProperties: UserProperties): Reply {
  return { topic: replyTopic, payload: NOTHING, qos: request.qos, userProperties }
}

function withContent(userProperties: UserProperties, frame: ReplyFrame, answer: unknown): Reply {
  const { endpoint, request, answerable, replyTopic: topic } = frame
  const codec = codecFor(endpoint.response, request.contentType)
  const encoded = encodeWith(codec, answerable.mark(answer))
  if (isLeft(encoded)) throw encoded.left
  return { topic, payload: encoded.right, qos: request.qos, userProperties, codec }
}
