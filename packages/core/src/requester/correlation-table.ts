import type { Codec } from '../codec/codec.js'
import type { Correlation, DecodableMessage } from '../correlation/correlation.js'
import type { Message } from '../message.js'
import { DecodedOnce } from '../codec/decoded-once.js'
import type { Exchange } from './exchange.js'

/** The exchanges of one correlation. */
interface CorrelationIndex {
  readonly correlation: Correlation
  readonly codec: Codec<unknown>
  /** By response topic, then by token, which costs less than building a combined key (decision 0009). */
  readonly byTopic: Map<string, Map<string, Exchange | Exchange[]>>
}

/**
 * Maps (response topic, correlation token) to the pending exchange, for the exchanges of one response subscription.
 *
 * Only an ordered correlation may have several exchanges under the same key; the first response then goes to the oldest.
 */
export class CorrelationTable {
  /** One index per correlation; a correlation that reads the payload needs one per codec. */
  readonly #indexes: CorrelationIndex[] = []
  #size = 0

  /** Returns the number of exchanges in the table. */
  get size(): number {
    return this.#size
  }

  /** Adds an exchange. Returns `false` if another one is pending under its response topic and token. */
  add(exchange: Exchange): boolean {
    const { responseTopic, token } = exchange.request
    const { correlation, byTopic } = this.#indexFor(exchange) ?? this.#addIndex(exchange)
    const byToken = byTopic.get(responseTopic) ?? new Map<string, Exchange | Exchange[]>()
    const present = byToken.get(token)
    if (present !== undefined && !correlation.isOrdered) return false
    if (byToken.size === 0) byTopic.set(responseTopic, byToken)
    if (present === undefined) byToken.set(token, exchange)
    else if (Array.isArray(present)) present.push(exchange)
    else byToken.set(token, [present, exchange])
    this.#size++
    return true
  }

  /** Removes an exchange, if it is in the table. */
  remove(exchange: Exchange): void {
    const { responseTopic, token } = exchange.request
    const byTopic = this.#indexFor(exchange)?.byTopic
    const byToken = byTopic?.get(responseTopic)
    const present = byToken?.get(token)
    if (Array.isArray(present)) {
      const at = present.indexOf(exchange)
      if (at < 0) return
      present.splice(at, 1)
      if (present.length === 0) byToken?.delete(token)
    } else if (present === exchange) byToken?.delete(token)
    else return
    if (byToken?.size === 0) byTopic?.delete(responseTopic)
    this.#size--
  }

  /** Passes a response to its exchange. Returns `false` if there is no matching exchange. */
  dispatch(message: Message): boolean {
    for (const { correlation, codec, byTopic } of this.#indexes) {
      const response = new DecodedOnce(message, codec)
      const token = tokenOf(correlation, response)
      const present = token === undefined ? undefined : byTopic.get(message.topic)?.get(token)
      const oldest = Array.isArray(present) ? present[0] : present
      oldest?.receive(response)
      if (oldest !== undefined) return true
    }
    return false
  }

  #indexFor({ requester }: Exchange): CorrelationIndex | undefined {
    const { correlation, response } = requester.endpoint
    for (const index of this.#indexes)
      if (index.correlation === correlation && (index.codec === response || !correlation.readsPayload))
        return index
    return undefined
  }

  #addIndex({ requester }: Exchange): CorrelationIndex {
    const { correlation, response: codec } = requester.endpoint
    const index = { correlation, codec, byTopic: new Map<string, Map<string, Exchange | Exchange[]>>() }
    this.#indexes.push(index)
    return index
  }
}

/** A correlation written by a user may throw on a malformed response, which must not end the response subscription. */
function tokenOf(correlation: Correlation, response: DecodableMessage): string | undefined {
  try {
    return correlation.tokenOf(response)
  } catch {
    return undefined
  }
}
