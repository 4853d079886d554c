import type { Message } from '../message.js'

/** Why a message on a request topic did not become a request for the handler. */
export type IgnoredReason =
  /** It lay retained at the broker: nobody asks now. */
  | 'retained'
  /** It names no place for the answer, or one where none may go. */
  | 'response-topic'
  /** It was seen before: joined to the one that runs, or answered as before. */
  | 'duplicate'
  /** It called off one that runs, or none. */
  | 'cancel'
  /** Its topic, header or payload is not the endpoint's; answered with the status. */
  | 'invalid'

/** A message on a request topic that no handler was given. It was acknowledged. */
export interface IgnoredRequest {
  readonly reason: IgnoredReason
  readonly endpoint: string
  readonly message: Message
  /** What was wrong with it, for people. */
  readonly detail: string
  /** The status it was answered with, if it was answered. */
  readonly status?: number
}
