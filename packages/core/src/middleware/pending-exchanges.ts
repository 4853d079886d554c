import type { MessageProperties } from '../message.js'
import { identityKey } from '../protocol/control-message.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'

/** How many exchanges are tracked at once; the oldest is dropped first. */
const LIMIT = 100_000

/** Milliseconds after which an exchange is dropped whose request has no message expiry. */
const MAX_LIFETIME = 3_600_000

/** Returns the key of a message's exchange, made of Response Topic and Correlation Data. */
export function exchangeKey(
  responseTopic: string,
  { correlationData }: MessageProperties,
): string | undefined {
  return correlationData && identityKey({ responseTopic, correlationData })
}

/** What a middleware stores for an exchange, and the deadline of its response. */
interface Entry<A> {
  readonly exchange: A
  readonly deadline: Deadline
}

/** What a middleware stores for each exchange between its request and its response. */
export class PendingExchanges<A> {
  readonly #pending = new Map<string, Entry<A>>()
  readonly #onDropped: (exchange: A, reason: string) => void

  /** `onDropped` is called with an exchange that is dropped without a response. */
  constructor(onDropped: (exchange: A, reason: string) => void) {
    this.#onDropped = onDropped
  }

  /** Adds an exchange until its request expires. Ignores a duplicate request. */
  add(key: string, exchange: A, { messageExpiryInterval }: MessageProperties, deadlines: Deadlines): void {
    if (this.#pending.has(key)) return
    const lifetime = messageExpiryInterval === undefined ? MAX_LIFETIME : messageExpiryInterval * 1_000
    const deadline = deadlines.add(lifetime, () => this.#drop(key, 'timeout'))
    this.#pending.set(key, { exchange, deadline })
    if (this.#pending.size <= LIMIT) return
    for (const oldest of this.#pending.keys()) return this.#drop(oldest, 'too many pending exchanges')
  }

  get(key: string): A | undefined {
    return this.#pending.get(key)?.exchange
  }

  /** Removes an exchange and returns it. */
  take(key: string): A | undefined {
    const entry = this.#pending.get(key)
    this.#pending.delete(key)
    entry?.deadline.cancel()
    return entry?.exchange
  }

  #drop(key: string, reason: string): void {
    const exchange = this.take(key)
    if (exchange !== undefined) this.#onDropped(exchange, reason)
  }
}
