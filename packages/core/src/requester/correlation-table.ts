import type { Codec } from '../codec/codec.js'
import type { Correlation } from '../correlation/correlation.js'
import type { Message } from '../message.js'
import { DecodedOnce } from '../codec/decoded-once.js'

/** An exchange that waits for a response. */
export interface PendingExchange {
  readonly responseTopic: string
  readonly token: string
  readonly receive: (response: DecodedOnce) => void
}

/**
 * Maps (response topic, correlation token) to the pending exchange.
 *
 * A response subscription has one table per correlation. Only an ordered correlation may have several exchanges under the
 * same key; the first response then goes to the oldest of them.
 */
export class CorrelationTable {
  readonly #correlation: Correlation
  readonly #codec: Codec<unknown>
  /** By response topic, then by token, which costs less than building a combined key (decision 0009). */
  readonly #pending = new Map<string, Map<string, PendingExchange | PendingExchange[]>>()
  #size = 0

  constructor(correlation: Correlation, codec: Codec<unknown>) {
    this.#correlation = correlation
    this.#codec = codec
  }

  get size(): number {
    return this.#size
  }

  /** Whether exchanges with this correlation and codec belong into this table. */
  isFor(correlation: Correlation, codec: Codec<unknown>): boolean {
    return this.#correlation === correlation && (this.#codec === codec || !correlation.readsPayload)
  }

  /** Adds an exchange. Returns `false` if another one is pending under its response topic and token. */
  add(exchange: PendingExchange): boolean {
    const { responseTopic, token } = exchange
    const byToken = this.#pending.get(responseTopic) ?? this.#addTopic(responseTopic)
    const present = byToken.get(token)
    if (present === undefined) byToken.set(token, exchange)
    else if (!this.#correlation.isOrdered) return false
    else if (Array.isArray(present)) present.push(exchange)
    else byToken.set(token, [present, exchange])
    this.#size++
    return true
  }

  /** Removes an exchange, if it is in this table. */
  remove(exchange: PendingExchange): void {
    const { responseTopic, token } = exchange
    const byToken = this.#pending.get(responseTopic)
    const present = byToken?.get(token)
    if (byToken === undefined || present === undefined) return
    const others = Array.isArray(present) ? present.filter((other) => other !== exchange) : []
    if (Array.isArray(present) ? others.length === present.length : present !== exchange) return
    this.#size--
    if (others.length > 0) byToken.set(token, others)
    else {
      byToken.delete(token)
      if (byToken.size === 0) this.#pending.delete(responseTopic)
    }
  }

  /** Passes a response to its exchange. Returns `false` if there is no matching exchange. */
  dispatch(message: Message): boolean {
    const response = new DecodedOnce(message, this.#codec)
    const token = this.#tokenOf(response)
    if (token === undefined) return false
    const present = this.#pending.get(message.topic)?.get(token)
    const oldest = Array.isArray(present) ? present[0] : present
    oldest?.receive(response)
    return oldest !== undefined
  }

  #addTopic(responseTopic: string): Map<string, PendingExchange | PendingExchange[]> {
    const byToken = new Map<string, PendingExchange | PendingExchange[]>()
    this.#pending.set(responseTopic, byToken)
    return byToken
  }

  /** A correlation written by a user may throw on a malformed response, which must not end the response subscription. */
  #tokenOf(response: DecodedOnce): string | undefined {
    try {
      return this.#correlation.tokenOf(response)
    } catch {
      return undefined
    }
  }
}
