import type { OutgoingMessage } from '@antiphon/core'

/** After so many connections that ended on the same message, the message is taken to be why. */
const patience = 3

/**
 * Finds the message that makes the broker close the connection.
 *
 * A 3.1.1 broker has no other way to refuse a message, and one sent again at every reconnect would be refused for ever.
 * A broker answers in order, so whenever it ends a connection the suspect is the oldest message it has not answered;
 * on the next connection the suspect goes out alone. Answered, it is cleared. The same message suspected three times
 * in a row is guilty.
 *
 * A message whose session was lost comes again as a new one; it is recognised by its topic and its very payload.
 */
export class RefusalDetector {
  #suspect: OutgoingMessage | undefined
  #strikes = 0

  /** Whether the message has to go out alone. */
  isUnder(message: OutgoingMessage): boolean {
    return this.#suspect?.payload === message.payload && this.#suspect.topic === message.topic
  }

  /** The broker ended the connection, this being the oldest message without an answer; `true` when it is guilty. */
  fallsOn(message: OutgoingMessage): boolean {
    this.#strikes = this.isUnder(message) ? this.#strikes + 1 : 1
    this.#suspect = message
    if (this.#strikes < patience) return false
    this.#suspect = undefined
    return true
  }

  /** The broker answered for the suspect, or nobody will send it again. */
  clear(): void {
    this.#suspect = undefined
  }
}
