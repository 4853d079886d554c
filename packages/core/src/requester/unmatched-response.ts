import type { Message } from '../message.js'

/** A reply that no open question was waiting for: late, repeated, foreign or unreadable. It was acknowledged. */
export interface UnmatchedResponse {
  readonly message: Message
}
