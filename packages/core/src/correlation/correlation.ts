import type { Either } from 'fp-ts/lib/Either.js'
import type { DecodeError } from '../codec/codec.js'
import type { Message, MessageProperties } from '../message.js'

/** A received message and its decoded payload. The payload is decoded on first access and at most once. */
export interface DecodableMessage {
  readonly message: Message
  readonly value: () => Either<DecodeError, unknown>
}

/** A request that has no correlation yet. */
export interface RequestToCorrelate {
  /** A new UUID, or what `createToken` has returned; the correlation may use it as token. */
  readonly id: number | string
  /** The topic that the requester expects the response on. */
  readonly responseTopic: string
  /** The value to send. */
  readonly value: unknown
}

/** A request with its correlation. */
export interface CorrelatedRequest {
  /** The token that, together with the response topic, identifies the response. */
  readonly token: string
  readonly value: unknown
  readonly properties: Pick<MessageProperties, 'responseTopic' | 'correlationData'>
}

/** The correlation of a received request, which its response needs. */
export interface ResponseCorrelation {
  /** The response topic of the request, used if the endpoint has none of its own. */
  readonly responseTopic: string | undefined
  /** The token that distinguishes requests with the same response topic; `undefined` if the request has none. */
  readonly token: string | undefined
  /**
   * Whether an equal request may have the same response topic and token once this one was answered. It then counts as a
   * duplicate only if the broker delivers it again. @defaultValue false
   */
  readonly isReusable?: boolean
  /** Adds the token to the response value, if the correlation keeps it there. */
  readonly addToken: (response: unknown) => unknown
  readonly properties: Pick<MessageProperties, 'correlationData'>
}

/**
 * Matches responses to requests.
 *
 * To write your own, implement the three functions and test them with `endpointLaws` of `@antiphon/conformance/laws`.
 */
export interface Correlation {
  readonly name: string
  /** Whether the token is in the payload, so that a response must be decoded before it can be matched. */
  readonly readsPayload: boolean
  /** Whether several requests may be pending under one token, the oldest of which receives the next response. */
  readonly isOrdered: boolean
  /** Whether it works only with MQTT 5. A request on MQTT 3.1.1 then fails at once. @defaultValue false */
  readonly isMqtt5Only?: boolean
  /** On the requester's side: creates the token of an attempt, given the topic parameters. @defaultValue a new UUID */
  readonly createToken?: (params: Readonly<Record<string, string>>) => number | string
  /** On the requester's side: creates the values of topic parameters, given those that the application has passed. */
  readonly createParams?: (params: Readonly<Record<string, string>>) => Readonly<Record<string, string>>
  /** The names of the parameters that `createParams` creates. @defaultValue none */
  readonly createdParams?: readonly string[]
  /** On the requester's side: adds a token to a request. */
  readonly correlate: (request: RequestToCorrelate) => CorrelatedRequest
  /**
   * On the requester's side: returns the token of a response; `undefined` if it has none.
   *
   * Endpoints whose correlations have the same function here share a table, so return one function for equal arguments.
   */
  readonly tokenOf: (response: DecodableMessage) => string | undefined
  /** On the responder's side: returns the correlation of a request for its response. */
  readonly readRequest: (request: DecodableMessage) => ResponseCorrelation
}
