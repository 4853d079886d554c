import { isLeft } from 'fp-ts/lib/Either.js'
import type { Codec } from '../codec/codec.js'
import { codecFor, encodeWith } from '../codec/guard.js'
import type { ResponseCorrelation } from '../correlation/correlation.js'
import type { Endpoint } from '../endpoint.js'
import type { Message, OutgoingMessage, QoS, UserProperties } from '../message.js'
import { fromStreamPosition, type StreamPosition } from '../protocol/stream-position.js'
import { fromFailure, Status, type Failure } from '../protocol/status.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'

const EMPTY = new Uint8Array()
const OK: UserProperties = [['__stat', String(Status.ok)]]
const NO_CONTENT: UserProperties = [['__stat', String(Status.noContent)]]

/** What all responses to one request have in common. Why it is a class, see decision 0009. */
export class ResponseFrame {
  readonly endpoint: Endpoint
  readonly request: Message
  readonly responseTopic: string
  readonly correlation: ResponseCorrelation
  /** Whether a response can carry a status; on MQTT 3.1.1 it cannot. */
  readonly hasStatuses: boolean

  constructor({ endpoint, request, responseTopic, correlation, hasStatuses }: ResponseFrame) {
    this.endpoint = endpoint
    this.request = request
    this.responseTopic = responseTopic
    this.correlation = correlation
    this.hasStatuses = hasStatuses
  }
}

/** A response without the Correlation Data and expiry of its request, so that it can be sent to a duplicate as well. */
export interface OutgoingResponse {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly userProperties: UserProperties
  /** The codec of the payload; absent if the payload is empty. */
  readonly codec?: Pick<Codec<unknown>, 'contentType' | 'isText'>
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Returns the message that carries a response, with its request's Correlation Data and the time left until it expires. */
export function toMessage(
  response: OutgoingResponse,
  { properties }: ResponseCorrelation,
  timeLeft: number,
): OutgoingMessage {
  const { topic, payload, qos, userProperties, codec } = response
  const { correlationData } = properties
  const message: Mutable<OutgoingMessage> = { topic, payload, qos, userProperties }
  if (codec !== undefined) {
    message.contentType = codec.contentType
    message.payloadFormatIndicator = codec.isText
  }
  if (correlationData !== undefined) message.correlationData = correlationData
  if (timeLeft < Infinity) message.messageExpiryInterval = toExpirySeconds(timeLeft)
  return message
}

/** Builds a response in the content type of the request; throws `encode` if the value does not encode. */
export function toValueResponse(frame: ResponseFrame, value: unknown): OutgoingResponse {
  return withValue(OK, frame, value)
}

/** Builds the response of a handler that completes without one. */
export function toEmptyResponse(frame: ResponseFrame): OutgoingResponse {
  return empty(frame, NO_CONTENT)
}

/**
 * Builds a failure response. Its payload is what the endpoint's `onFailure` returns, for peers that read no statuses.
 *
 * Returns `undefined` if there is neither a payload nor a status to send.
 */
export function toFailureResponse(frame: ResponseFrame, failure: Failure): OutgoingResponse | undefined {
  const { onFailure } = frame.endpoint
  const value = onFailure?.({ code: failure.code, message: failure.message ?? '' })
  if (value === undefined) return toBareFailureResponse(frame, failure)
  return withValue(fromFailure(failure), frame, value)
}

/** Builds a failure response without a payload; `undefined` if no status can be sent. */
export function toBareFailureResponse(frame: ResponseFrame, failure: Failure): OutgoingResponse | undefined {
  return frame.hasStatuses ? empty(frame, fromFailure(failure)) : undefined
}

/** Adds the position in a stream to a response. */
export function atStreamPosition(response: OutgoingResponse, position: StreamPosition): OutgoingResponse {
  return {
    ...response,
    userProperties: [...response.userProperties, ['__stream', fromStreamPosition(position)]],
  }
}

function empty({ request, responseTopic }: ResponseFrame, userProperties: UserProperties): OutgoingResponse {
  return { topic: responseTopic, payload: EMPTY, qos: request.qos, userProperties }
}

function withValue(userProperties: UserProperties, frame: ResponseFrame, value: unknown): OutgoingResponse {
  const { endpoint, request, correlation, responseTopic: topic } = frame
  const codec = codecFor(endpoint.response, request.contentType)
  const encoded = encodeWith(codec, correlation.addToken(value))
  if (isLeft(encoded)) throw encoded.left
  return { topic, payload: encoded.right, qos: request.qos, userProperties, codec }
}
