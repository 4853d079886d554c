import type { Message } from '../message.js'

/** Why a message on a request topic did not reach the handler. */
export type IgnoredReason =
  /** It is a retained message, so its requester may have stopped waiting long ago. */
  | 'retained'
  /** Its response topic is missing or not allowed. */
  | 'response-topic'
  /** It repeats a request that is being handled, or that was answered and gets the same response again. */
  | 'duplicate'
  /** It cancels a request, whether or not that request is being handled. */
  | 'cancel'
  /** No `serve` received it from `requests$` until it expired: an operator between them filtered it away. */
  | 'unserved'
  /** `authenticate` of `requests$` refused it, or failed. */
  | 'refused'
  /** Its topic, headers, payload or chunks are invalid. */
  | 'invalid'

/**
 * A message on a request topic that did not reach the handler.
 *
 * The responder acknowledges it; a duplicate of a request that waits for its handler is acknowledged together with that
 * request.
 */
export interface IgnoredRequest {
  readonly reason: IgnoredReason
  readonly endpoint: string
  readonly message: Message
  /** A description of the reason. */
  readonly detail: string
  /** The status it was answered with, if any. */
  readonly status?: number
}
