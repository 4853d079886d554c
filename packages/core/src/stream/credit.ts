import type { UserProperties } from '../message.js'
import { initialCredit } from '../protocol/control-message.js'

/** The credit of a response stream: how many items the responder may send before it needs more. */
export class Credit {
  /** The User Properties of the request, which set the initial credit. */
  readonly requestProperties: UserProperties
  readonly #limit: number
  #remaining: number
  #consumed = 0
  /** How many items the responder may send in all. */
  #total: number

  /** `limit` is the maximum number of items in flight; without it, the responder sends without limit. */
  constructor(limit: number | undefined) {
    this.#limit = limit ?? Infinity
    this.#remaining = this.#limit
    this.#total = this.#limit
    this.requestProperties = limit === undefined ? [] : initialCredit(limit)
  }

  /** Whether the credit has a limit. */
  get isLimited(): boolean {
    return this.#limit < Infinity
  }

  /** Returns how many items the responder may send in all. */
  get total(): number {
    return this.#total
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

  /** Counts one item as consumed. Returns whether the total has risen, once half of the limit is consumed. */
  consume(): boolean {
    this.#consumed++
    if (this.#consumed * 2 < this.#limit) return false
    this.#remaining += this.#consumed
    this.#total += this.#consumed
    this.#consumed = 0
    return true
  }
}
