import type { Message } from '../message.js'

/** A response that matches no pending request: late, duplicate, unknown or unreadable. It is acknowledged. */
export interface UnmatchedResponse {
  readonly message: Message
}
