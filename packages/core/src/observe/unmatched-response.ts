import type { Message } from '../message.js'

/** A response that matches no pending request: late, duplicate, unknown, unreadable or retained. It is acknowledged. */
export interface UnmatchedResponse {
  readonly message: Message
}
