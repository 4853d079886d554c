import type { MessageProperties } from '../message.js'
import { fromBytes } from '../correlation/token.js'

/** How many exchanges are followed at once; the oldest give way. */
const LIMIT = 100_000

/** The exchange a message opens or belongs to, seen from outside: its Response Topic and Correlation Data. */
export function exchangeKey(
  responseTopic: string,
  { correlationData }: MessageProperties,
): string | undefined {
  return correlationData && `${responseTopic}\u0000${fromBytes(correlationData)}`
}

/** What a middleware remembers of the exchanges that pass through it, from question to answer. */
export class OpenExchanges<A> {
  readonly #open = new Map<string, A>()

  get size(): number {
    return this.#open.size
  }

  /** Remembers an exchange; a repeated question is the same exchange. Returns what had to give way. */
  add(key: string, exchange: A): A | undefined {
    if (this.#open.has(key)) return undefined
    this.#open.set(key, exchange)
    if (this.#open.size <= LIMIT) return undefined
    for (const [oldest] of this.#open) return this.take(oldest)
    return undefined
  }

  get(key: string): A | undefined {
    return this.#open.get(key)
  }

  /** Forgets an exchange and returns it. */
  take(key: string): A | undefined {
    const exchange = this.#open.get(key)
    this.#open.delete(key)
    return exchange
  }
}
