import { isLeft } from 'fp-ts/lib/Either.js'
import type { Codec } from '../codec/codec.js'
import { codecFor, encodeWith } from '../codec/guard.js'
import type { ResponseCorrelation } from '../correlation/correlation.js'
import type { Endpoint } from '../endpoint.js'
import type { Message, OutgoingMessage, QoS, UserProperties } from '../message.js'
import { fromStreamPosition, type StreamPosition } from '../protocol/stream-position.js'
import { fromFailure, Status, type Failure } from '../protocol/status.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'

const NOTHING = new Uint8Array()
const OK: UserProperties = [['__stat', String(Status.ok)]]
const NO_CONTENT: UserProperties = [['__stat', String(Status.noContent)]]

/** What all replies to one request have in common. A class, as `HeldDelivery` is. */
export class ResponseFrame {
  readonly endpoint: Endpoint
  readonly request: Message
  readonly responseTopic: string
  readonly correlation: ResponseCorrelation
  /** Whether a status can travel; on MQTT 3.1.1 it cannot. */
  readonly hasStatuses: boolean

  constructor({ endpoint, request, responseTopic, correlation, hasStatuses }: ResponseFrame) {
    this.endpoint = endpoint
    this.request = request
    this.responseTopic = responseTopic
    this.correlation = correlation
    this.hasStatuses = hasStatuses
  }
}

/** A reply but for what its own request brings to it, so that a repetition of the request gets the same. */
export interface OutgoingResponse {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly userProperties: UserProperties
  /** What the payload is in; absent where there is none. */
  readonly codec?: Pick<Codec<unknown>, 'contentType' | 'isText'>
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** The reply as it goes out: recognised by its request, and alive for what is left of that one's time. */
export function toMessage(
  response: OutgoingResponse,
  { properties }: ResponseCorrelation,
  left: number,
): OutgoingMessage {
  const { topic, payload, qos, userProperties, codec } = response
  const { correlationData } = properties
  const message: Mutable<OutgoingMessage> = { topic, payload, qos, userProperties }
  if (codec !== undefined) {
    message.contentType = codec.contentType
    message.payloadFormatIndicator = codec.isText
  }
  if (correlationData !== undefined) message.correlationData = correlationData
  if (left < Infinity) message.messageExpiryInterval = toExpirySeconds(left)
  return message
}

/** The reply that carries an answer, written in the asker's own format; throws `encode` when it does not encode. */
export function toValueResponse(frame: ResponseFrame, response: unknown): OutgoingResponse {
  return withContent(OK, frame, response)
}

/** The reply of a handler that came to its end without an answer. */
export function toEmptyResponse(frame: ResponseFrame): OutgoingResponse {
  return empty(frame, NO_CONTENT)
}

/**
 * The reply that tells a failure; in its payload the endpoint's own words for it, for peers that read no statuses.
 * `undefined` where there is no way to tell it.
 */
export function toFailureResponse(frame: ResponseFrame, failure: Failure): OutgoingResponse | undefined {
  const { onFailure } = frame.endpoint
  const words = onFailure?.({ code: failure.code, message: failure.message ?? '' })
  if (words === undefined) return toBareFailureResponse(frame, failure)
  return withContent(fromFailure(failure), frame, words)
}

/** The reply that tells a failure without any words; `undefined` where there is no way to tell it. */
export function toBareFailureResponse(frame: ResponseFrame, failure: Failure): OutgoingResponse | undefined {
  return frame.hasStatuses ? empty(frame, fromFailure(failure)) : undefined
}

/** The reply with its place in a stream. */
export function atStreamPosition(response: OutgoingResponse, place: StreamPosition): OutgoingResponse {
  return {
    ...response,
    userProperties: [...response.userProperties, ['__stream', fromStreamPosition(place)]],
  }
}

function empty({ request, responseTopic }: ResponseFrame, userProperties: UserProperties): OutgoingResponse {
  return { topic: responseTopic, payload: NOTHING, qos: request.qos, userProperties }
}

function withContent(
  userProperties: UserProperties,
  frame: ResponseFrame,
  response: unknown,
): OutgoingResponse {
  const { endpoint, request, correlation, responseTopic: topic } = frame
  const codec = codecFor(endpoint.response, request.contentType)
  const encoded = encodeWith(codec, correlation.addToken(response))
  if (isLeft(encoded)) throw encoded.left
  return { topic, payload: encoded.right, qos: request.qos, userProperties, codec }
}
