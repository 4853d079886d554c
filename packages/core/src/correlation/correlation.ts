import type { Either } from 'fp-ts/lib/Either.js'
import type { DecodeError } from '../codec/codec.js'
import type { Message, MessageProperties } from '../message.js'

/** A message that arrived, and what its payload says; decoded when first asked for, and once. */
export interface Received {
  readonly message: Message
  readonly value: () => Either<DecodeError, unknown>
}

/** A question about to be asked. */
export interface Question {
  /** A fresh id, unique in the world; a strategy may use it or leave it. */
  readonly id: string
  /** Where the answer will come. */
  readonly replyTopic: string
  /** What the caller asks. */
  readonly value: unknown
}

/** A question that can be recognised by its answer. */
export interface MarkedQuestion {
  /** What the answer will be recognised by, together with the topic it comes on. */
  readonly token: string
  readonly value: unknown
  readonly properties: Pick<MessageProperties, 'responseTopic' | 'correlationData'>
}

/** A request that can be answered. */
export interface Answerable {
  /** Where the answer goes when the endpoint names no reply topic of its own. */
  readonly replyTopic: string | undefined
  /** What tells this request from others to the same reply topic; `undefined` where nothing does. */
  readonly token: string | undefined
  /** Puts the token into the answer. */
  readonly mark: (answer: unknown) => unknown
  readonly properties: Pick<MessageProperties, 'correlationData'>
}

/**
 * How an answer finds its question. A value on the endpoint, so that the operators never ask which one it is.
 *
 * Write your own by implementing the three functions; `endpointLaws` of `@antiphon/conformance/laws` checks it.
 */
export interface Correlation {
  readonly name: string
  /** The token is in the payload, so an answer must be decoded before it can be matched. */
  readonly readsPayload: boolean
  /** Several questions may wait under one token: first asked, first answered. */
  readonly isInOrder: boolean
  /** Caller's side: puts a token on a question. */
  readonly ask: (question: Question) => MarkedQuestion
  /** Caller's side: the token an answer carries; `undefined` where it carries none. */
  readonly tokenOf: (reply: Received) => string | undefined
  /** Responder's side: what the request says about its answer. */
  readonly answer: (request: Received) => Answerable
}
