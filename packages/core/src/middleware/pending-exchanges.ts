import type { MessageProperties } from '../message.js'
import { fromBytes } from '../correlation/token.js'

/** How many exchanges are tracked at once; the oldest is dropped first. */
const LIMIT = 100_000

/** Returns the key of a message's exchange, made of Response Topic and Correlation Data. */
export function exchangeKey(
  responseTopic: string,
  { correlationData }: MessageProperties,
): string | undefined {
  return correlationData && `${responseTopic}\u0000${fromBytes(correlationData)}`
}

/** What a middleware stores for each exchange between its request and its response. */
export class PendingExchanges<A> {
  readonly #pending = new Map<string, A>()

  get size(): number {
    return this.#pending.size
  }

  /** Adds an exchange, unless the request is a duplicate. Returns the exchange that was dropped for it, if any. */
  add(key: string, exchange: A): A | undefined {
    if (this.#pending.has(key)) return undefined
    this.#pending.set(key, exchange)
    if (this.#pending.size <= LIMIT) return undefined
    for (const [oldest] of this.#pending) return this.take(oldest)
    return undefined
  }

  get(key: string): A | undefined {
    return this.#pending.get(key)
  }

  /** Removes an exchange and returns it. */
  take(key: string): A | undefined {
    const exchange = this.#pending.get(key)
    this.#pending.delete(key)
    return exchange
  }
}
