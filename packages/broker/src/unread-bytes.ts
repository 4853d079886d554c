/** Up to this number of bytes a connection counts as read: a socket reports only larger ones as sent. */
const uncounted = 65_536

/**
 * The bytes written to all connections and not sent yet. Beyond the limit, the connections with more than an equal share of
 * it are full, so that clients that read well are not affected.
 */
export class UnreadBytes {
  bytes = 0
  readonly #limit: number
  #connections = 0

  /** `limit` is `limits.totalUnreadBytes`. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Replaces the unread bytes of a connection; returns what to pass as `previous` next time. */
  update(previous: number, unread: number): number {
    const counted = unread > uncounted ? unread : 0
    if (counted === previous) return counted
    this.bytes += counted - previous
    this.#connections += Number(counted > 0) - Number(previous > 0)
    return counted
  }

  /** Whether a connection with `unread` bytes must not be sent more. */
  isFull(unread: number): boolean {
    return this.bytes > this.#limit && unread > Math.max(uncounted, this.#limit / this.#connections)
  }
}
