import type { Message } from '../message.js'
import type { Correlation } from '../correlation/correlation.js'
import type { Exchange } from './exchange.js'
import { TokenIndex } from './token-index.js'

/** How many indexes without an exchange are kept, so that they need not be created for every request. */
const EMPTY_INDEXES = 8

/** By the function that reads the token, so that endpoints with the same correlation share an index. */
type Indexes = Map<Correlation['tokenOf'], TokenIndex>

/**
 * Maps (response topic, correlation token) to the pending exchange, for the exchanges of one response subscription.
 *
 * A look-up takes the same time for any number of exchanges and endpoints.
 */
export class CorrelationTable {
  readonly #withToken: Indexes = new Map()
  /** The exchanges that any response on their topic matches. They get only what no other exchange does. */
  readonly #withoutToken: Indexes = new Map()

  /** Returns the number of exchanges in the table. */
  get size(): number {
    return [...this.#withToken.values(), ...this.#withoutToken.values()].reduce(
      (sum, { size }) => sum + size,
      0,
    )
  }

  /** Adds an exchange. Returns `false` if another one is pending under its response topic and token. */
  add(exchange: Exchange): boolean {
    const { correlation } = exchange.requester.endpoint
    const indexes = this.#indexesFor(exchange)
    let index = indexes.get(correlation.tokenOf)
    if (index === undefined) {
      index = new TokenIndex(correlation)
      indexes.set(correlation.tokenOf, index)
    }
    if (!index.add(exchange)) return false
    exchange.tokenIndex = index
    return true
  }

  /** Removes an exchange, if it is in the table. */
  remove(exchange: Exchange): void {
    const { tokenIndex, requester } = exchange
    if (tokenIndex === undefined) return
    tokenIndex.remove(exchange)
    exchange.tokenIndex = undefined
    const indexes = this.#indexesFor(exchange)
    if (tokenIndex.size === 0 && indexes.size > EMPTY_INDEXES)
      indexes.delete(requester.endpoint.correlation.tokenOf)
  }

  /** Passes a response to its exchange. Returns `false` if there is no matching exchange. */
  dispatch(message: Message): boolean {
    for (const index of this.#withToken.values()) if (index.dispatch(message)) return true
    for (const index of this.#withoutToken.values()) if (index.dispatch(message)) return true
    return false
  }

  #indexesFor({ request }: Exchange): Indexes {
    return request.token === '' ? this.#withoutToken : this.#withToken
  }
}
