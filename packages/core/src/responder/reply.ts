import { isLeft } from 'fp-ts/lib/Either.js'
import { codecFor, encodeWith } from '../codec/guard.js'
import type { Answerable } from '../correlation/correlation.js'
import type { Endpoint } from '../endpoint.js'
import type { Message, OutgoingMessage, UserProperties } from '../message.js'
import { fromPlace, type Place } from '../stream-place.js'
import { fromFailure, Status, type Failure } from '../status.js'

const NOTHING = new Uint8Array()
const OK: UserProperties = [['__stat', String(Status.ok)]]
const NO_CONTENT: UserProperties = [['__stat', String(Status.noContent)]]

/** What all replies to one request have in common. */
export interface ReplyFrame {
  readonly endpoint: Endpoint
  readonly request: Message
  readonly replyTopic: string
  readonly answerable: Answerable
  /** Whether a status can travel; on MQTT 3.1.1 it cannot. */
  readonly hasStatuses: boolean
}

/** A reply being written. */
type Draft = { -readonly [Name in keyof OutgoingMessage]: OutgoingMessage[Name] }

/** The reply that carries an answer, written in the asker's own format; throws `encode` when it does not encode. */
export function toAnswer(frame: ReplyFrame, answer: unknown): OutgoingMessage {
  return withContent(empty(frame, OK), frame, answer)
}

/** The reply of a handler that came to its end without an answer. */
export function toEmptyAnswer(frame: ReplyFrame): OutgoingMessage {
  return empty(frame, NO_CONTENT)
}

/**
 * The reply that tells a failure; in its payload the endpoint's own words for it, for peers that read no statuses.
 * `undefined` where there is no way to tell it.
 */
export function toFailureReply(frame: ReplyFrame, failure: Failure): OutgoingMessage | undefined {
  const { onFailure } = frame.endpoint
  const words = onFailure?.({ code: failure.code, message: failure.message ?? '' })
  if (words === undefined) return toBareFailure(frame, failure)
  return withContent(empty(frame, fromFailure(failure)), frame, words)
}

/** The reply that tells a failure without any words; `undefined` where there is no way to tell it. */
export function toBareFailure(frame: ReplyFrame, failure: Failure): OutgoingMessage | undefined {
  return frame.hasStatuses ? empty(frame, fromFailure(failure)) : undefined
}

/** The reply with its place in a stream. */
export function inStream(reply: OutgoingMessage, place: Place): OutgoingMessage {
  return { ...reply, userProperties: [...(reply.userProperties ?? []), ['__stream', fromPlace(place)]] }
}

/** The same bytes with what is left of the request's expiry. */
export function withExpiry(reply: OutgoingMessage, left: number): OutgoingMessage {
  return left === Infinity ? reply : { ...reply, messageExpiryInterval: Math.max(1, Math.ceil(left / 1000)) }
}

function empty({ request, replyTopic, answerable }: ReplyFrame, userProperties: UserProperties): Draft {
  const { correlationData } = answerable.properties
  const reply: Draft = { topic: replyTopic, payload: NOTHING, qos: request.qos, userProperties }
  if (correlationData !== undefined) reply.correlationData = correlationData
  return reply
}

function withContent(
  reply: Draft,
  { endpoint, request, answerable }: ReplyFrame,
  answer: unknown,
): OutgoingMessage {
  const codec = codecFor(endpoint.response, request.contentType)
  const encoded = encodeWith(codec, answerable.mark(answer))
  if (isLeft(encoded)) throw encoded.left
  reply.payload = encoded.right
  reply.contentType = codec.contentType
  reply.payloadFormatIndicator = codec.isText
  return reply
}
