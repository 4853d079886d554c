import type { UserProperties } from '../message.js'
import { initialCredit } from '../protocol/control-message.js'

/** The credit of a response stream: how many items the responder may send before it needs more. */
export class Credit {
  /** The User Properties of the request, which set the initial credit. */
  readonly requestProperties: UserProperties
  readonly #limit: number
  /** The total credit so far, the initial one included. */
  #granted: number
  #remaining: number
  #consumed = 0

  /** `limit` is the maximum number of items in flight; without it, the responder sends without limit. */
  constructor(limit: number | undefined) {
    this.#limit = limit ?? Infinity
    this.#remaining = this.#granted = this.#limit
    this.requestProperties = limit === undefined ? [] : initialCredit(limit)
  }

  /** How many items the responder may send in total. */
  get granted(): number {
    return this.#granted
  }

  /** Whether the responder must wait for more credit. */
  get isExhausted(): boolean {
    return this.#remaining === 0
  }

  /** Uses credit for an item. Returns `false` if no credit is left. */
  use(): boolean {
    this.#remaining--
    return this.#remaining >= 0
  }

  /** Counts one item as consumed. Adds credit once half of the limit is consumed, and returns whether it did. */
  consume(): boolean {
    this.#consumed++
    if (this.#consumed * 2 < this.#limit) return false
    this.#granted += this.#consumed
    this.#remaining += this.#consumed
    this.#consumed = 0
    return true
  }
}
