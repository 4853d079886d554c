import type { OutgoingMessage } from '@antiphon/core'

/** After this many connections closed with the same oldest message, that message counts as refused. */
const closeLimit = 3

/**
 * Finds the message that makes the broker close the connection.
 *
 * A 3.1.1 broker has no other way to refuse a message, and a message resent on every reconnect would be refused for ever.
 * A broker acknowledges in order, so the suspect is the oldest message without an acknowledgement when it closes a
 * connection. On the next connection the suspect is sent alone; an acknowledgement clears it. A message that is the suspect
 * of three connections in a row counts as refused.
 *
 * After a lost session the sender may publish the message again. It is recognised by its topic and its payload object.
 */
export class RefusalDetector {
  #suspect: OutgoingMessage | undefined
  #closeCount = 0

  /** Whether the message is suspected and must be sent alone. */
  isSuspect(message: OutgoingMessage): boolean {
    return this.#suspect?.payload === message.payload && this.#suspect.topic === message.topic
  }

  /** Records a close by the broker with `message` as the oldest unacknowledged one. Returns whether it counts as refused. */
  recordClose(message: OutgoingMessage): boolean {
    this.#closeCount = this.isSuspect(message) ? this.#closeCount + 1 : 1
    this.#suspect = message
    if (this.#closeCount < closeLimit) return false
    this.#suspect = undefined
    return true
  }

  /** Clears the suspect: the broker acknowledged it, or it is not sent again. */
  clear(): void {
    this.#suspect = undefined
  }
}
