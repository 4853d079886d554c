/** How a request ended. */
export type Outcome = 'responded' | 'timeout' | 'busy' | 'failed'

/** One request. Times are milliseconds of the world. */
interface Exchange {
  readonly offeredAt: number
  outcome: Outcome | undefined
  settledAt: number
  runs: number
}

/** All requests of a run by number: when each was offered, how it ended, and how often it was handled. */
export class ExchangeLog {
  readonly #exchanges: Exchange[] = []
  #pending = 0

  /** Returns the number of requests that have not ended. */
  get pending(): number {
    return this.#pending
  }

  /** Adds a request and returns its number. */
  offer(now: number): number {
    this.#pending += 1
    return this.#exchanges.push({ offeredAt: now, outcome: undefined, settledAt: NaN, runs: 0 }) - 1
  }

  /** Notes that a handler has started for a request. */
  handle(number: number): void {
    const exchange = this.#exchanges[number]
    if (exchange !== undefined) exchange.runs += 1
  }

  settle(number: number, outcome: Outcome, now: number): void {
    const exchange = this.#exchanges[number]
    if (exchange === undefined || exchange.outcome !== undefined) return
    exchange.outcome = outcome
    exchange.settledAt = now
    this.#pending -= 1
  }

  /** Returns the requests in the order in which they were offered. */
  *[Symbol.iterator](): Iterator<Readonly<Exchange>> {
    yield* this.#exchanges
  }
}
