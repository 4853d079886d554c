import { isLeft } from 'fp-ts/lib/Either.js'
import { invalidArgument } from '../argument.js'
import type { Codec } from '../codec/codec.js'
import { codecFor, encodeWith } from '../codec/guard.js'
import type { ResponseCorrelation } from '../correlation/correlation.js'
import type { OutgoingMessage, QoS, UserProperties } from '../message.js'
import { reservedFault } from '../protocol/reserved-properties.js'
import { fromStreamPosition, type StreamPosition } from '../protocol/stream-position.js'
import { fromFailure, Status, type Failure } from '../protocol/status.js'
import { toExpirySeconds } from '../time/expiry-seconds.js'
import type { RequestContext } from './request-context.js'
import { hasMessageProperties } from './request-properties.js'
import { hasProperties, type ResponseWithProperties } from './with-properties.js'

const EMPTY = new Uint8Array()
const OK: UserProperties = [['__stat', String(Status.ok)]]
const NO_CONTENT: UserProperties = [['__stat', String(Status.noContent)]]

/** A response without the Correlation Data and expiry of its request, so that it can be sent to a duplicate as well. */
export interface OutgoingResponse {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: QoS
  readonly userProperties: UserProperties
  /** The codec of the payload; absent if the payload is empty. */
  readonly codec?: Pick<Codec<unknown>, 'contentType' | 'isText'> | undefined
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

/**
 * Builds a response in the content type of the request; throws `encode` if the value does not encode.
 *
 * Like the builders below, it returns `undefined` for a notification, which gets no response.
 */
export function toValueResponse(context: RequestContext, value: unknown): OutgoingResponse | undefined {
  return hasProperties(value) ? withHandlerProperties(context, value) : withValue(context, OK, value)
}

/** Builds the response of a handler that completes without one. */
export function toEmptyResponse(context: RequestContext): OutgoingResponse | undefined {
  return withoutValue(context, NO_CONTENT)
}

/**
 * Builds a failure response, on the topic for failures if the endpoint has one. Its payload is what the endpoint's
 * `onFailure` returns, for peers that read no statuses.
 *
 * Returns `undefined` if there is neither a payload nor a status to send.
 */
export function toFailureResponse(context: RequestContext, failure: Failure): OutgoingResponse | undefined {
  const { responder, message, responseTopic, correlation } = context
  const { onFailure, response, failures } = responder.endpoint
  if (responseTopic === undefined) return undefined
  const value = onFailure?.({ ...failure, message: failure.message ?? '' })
  if (value === undefined) return toBareFailureResponse(context, failure)
  const codec = codecFor(failures?.codec ?? response, message.contentType)
  const payload = encode(codec, correlation.addToken(value))
  const topic = failureTopicOf(context, responseTopic) ?? responseTopic
  return { topic, payload, qos: message.qos, userProperties: fromFailure(failure), codec }
}

function failureTopicOf({ responder, message }: RequestContext, responseTopic: string): string | undefined {
  const { topic, responseTopic: topics } = responder.endpoint
  const params = topic.match(message.topic)
  return params && topics?.failureTopicOf(responseTopic, params)
}

/** Builds a failure response without a payload; `undefined` if no status can be sent. */
export function toBareFailureResponse(
  context: RequestContext,
  failure: Failure,
): OutgoingResponse | undefined {
  return canReadStatus(context) ? withoutValue(context, fromFailure(failure)) : undefined
}

/** Adds the position in a stream to a response, unless the endpoint marks the end in the payload. */
export function atStreamPosition(
  { responder }: RequestContext,
  response: OutgoingResponse | undefined,
  position: StreamPosition,
): OutgoingResponse | undefined {
  if (response === undefined || responder.endpoint.isLast !== undefined) return response
  const userProperties: UserProperties = [
    ...response.userProperties,
    ['__stream', fromStreamPosition(position)],
  ]
  return { ...response, userProperties }
}

function withoutValue(
  { message, responseTopic: topic }: RequestContext,
  userProperties: UserProperties,
): OutgoingResponse | undefined {
  return topic === undefined ? undefined : { topic, payload: EMPTY, qos: message.qos, userProperties }
}

function withValue(
  { responder, message, responseTopic: topic, correlation }: RequestContext,
  userProperties: UserProperties,
  value: unknown,
): OutgoingResponse | undefined {
  if (topic === undefined) return undefined
  const codec = codecFor(responder.endpoint.response, message.contentType)
  const payload = encode(codec, correlation.addToken(value))
  return { topic, payload, qos: message.qos, userProperties, codec }
}

function encode(codec: Codec<unknown>, value: unknown): Uint8Array {
  const encoded = encodeWith(codec, value)
  if (isLeft(encoded)) throw encoded.left
  return encoded.right
}

/** Builds a response with properties of the handler; throws `invalid-argument` if they are reserved. */
function withHandlerProperties(
  { responder, message, responseTopic: topic, correlation }: RequestContext,
  { value, properties }: ResponseWithProperties<unknown>,
): OutgoingResponse | undefined {
  if (topic === undefined) return undefined
  const { response, reservedProperties } = responder.endpoint
  const { userProperties = [], contentType } = properties
  const fault = reservedFault(userProperties, reservedProperties)
  if (fault !== undefined) throw invalidArgument(fault)
  const codec = codecFor(response, contentType ?? message.contentType)
  const payload = encode(codec, correlation.addToken(value))
  return {
    topic,
    payload,
    qos: message.qos,
    userProperties: [...OK, ...userProperties],
    codec: { contentType: contentType ?? codec.contentType, isText: codec.isText },
  }
}

/**
 * Whether the requester can read a status. On a response topic that both sides know, a requester without MQTT 5 is
 * recognised by a request without any property; it would take an empty payload for a response. So would all requesters of
 * an endpoint that reports failures in payloads.
 */
function canReadStatus({ responder, message }: RequestContext): boolean {
  const { failures, responseTopic } = responder.endpoint
  const isTopicKnown = responseTopic !== undefined
  return responder.hasStatuses && failures === undefined && (!isTopicKnown || hasMessageProperties(message))
}
