import type { Endpoint } from '../endpoint.js'
import { baseOf, type BaseLink } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import { oncePer } from '../once-per.js'

/**
 * A limit on the retries of all requests of a link to an endpoint together, so that retries cannot multiply the load of
 * responders that are slow already.
 */
export interface RetryBudgetOptions {
  /** The retries that are available at first, and at most. `Infinity` for no limit. @defaultValue 100 */
  readonly burst?: number
  /** The retries that each response makes available again. @defaultValue 0.2 */
  readonly perResponse?: number
}

const spentOf = oncePer((_base: BaseLink) => oncePer((_endpoint: Endpoint) => ({ retries: 0 })))

/** The retries that the requesters of a link to an endpoint may still send. */
export class RetryBudget {
  readonly burst: number
  readonly perResponse: number
  readonly #spent: { retries: number }

  constructor(link: Link, endpoint: Endpoint, { burst = 100, perResponse = 0.2 }: RetryBudgetOptions = {}) {
    this.burst = burst
    this.perResponse = perResponse
    this.#spent = spentOf(baseOf(link))(endpoint)
  }

  /** Takes a retry. Returns whether there was one. */
  take(): boolean {
    if (this.#spent.retries + 1 > this.burst) return false
    this.#spent.retries++
    return true
  }

  /** Notes a response. */
  refill(): void {
    this.#spent.retries = Math.max(0, this.#spent.retries - this.perResponse)
  }
}
