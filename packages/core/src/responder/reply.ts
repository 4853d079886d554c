import { isLeft } from 'fp-ts/lib/Either.js'
import { codecFor, encodeWith } from '../codec/guard.js'
import type { Answerable } from '../correlation/correlation.js'
import type { Endpoint } from '../endpoint.js'
import type { Message, OutgoingMessage } from '../message.js'
import { fromPlace, type Place } from '../stream-place.js'
import { fromFailure, Status, type Failure } from '../status.js'

const NOTHING = new Uint8Array()

/** What all replies to one request have in common. */
export interface ReplyFrame {
  readonly endpoint: Endpoint
  readonly request: Message
  readonly replyTopic: string
  readonly answerable: Answerable
  /** Whether a status can travel; on MQTT 3.1.1 it cannot. */
  readonly hasStatuses: boolean
}

/** The reply that carries an answer, written in the asker's own format; throws `encode` when it does not encode. */
export function toAnswer(frame: ReplyFrame, answer: unknown): OutgoingMessage {
  return { ...envelope(frame), ...content(frame, answer), userProperties: [['__stat', String(Status.ok)]] }
}

/** The reply of a handler that came to its end without an answer. */
export function toEmptyAnswer(frame: ReplyFrame): OutgoingMessage {
  return { ...envelope(frame), payload: NOTHING, userProperties: [['__stat', String(Status.noContent)]] }
}

/**
 * The reply that tells a failure; in its payload the endpoint's own words for it, for peers that read no statuses.
 * `undefined` where there is no way to tell it.
 */
export function toFailureReply(frame: ReplyFrame, failure: Failure): OutgoingMessage | undefined {
  const { onFailure } = frame.endpoint
  const words = onFailure?.({ code: failure.code, message: failure.message ?? '' })
  if (words === undefined) return toBareFailure(frame, failure)
  return { ...envelope(frame), ...content(frame, words), userProperties: fromFailure(failure) }
}

/** The reply that tells a failure without any words; `undefined` where there is no way to tell it. */
export function toBareFailure(frame: ReplyFrame, failure: Failure): OutgoingMessage | undefined {
  if (!frame.hasStatuses) return undefined
  return { ...envelope(frame), payload: NOTHING, userProperties: fromFailure(failure) }
}

/** The reply with its place in a stream. */
export function inStream(reply: OutgoingMessage, place: Place): OutgoingMessage {
  return { ...reply, userProperties: [...(reply.userProperties ?? []), ['__stream', fromPlace(place)]] }
}

function envelope({ request, replyTopic, answerable }: ReplyFrame): Pick<OutgoingMessage, 'topic' | 'qos'> {
  return { topic: replyTopic, qos: request.qos, ...answerable.properties }
}

function content(
  { endpoint, request, answerable }: ReplyFrame,
  answer: unknown,
): Pick<OutgoingMessage, 'payload' | 'contentType' | 'payloadFormatIndicator'> {
  const codec = codecFor(endpoint.response, request.contentType)
  const encoded = encodeWith(codec, answerable.mark(answer))
  if (isLeft(encoded)) throw encoded.left
  return { payload: encoded.right, contentType: codec.contentType, payloadFormatIndicator: codec.isText }
}
