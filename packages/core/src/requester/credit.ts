import type { UserProperties } from '../message.js'
import { initialCredit } from '../protocol/control-message.js'

/** The credit of a response stream: how many items the responder may send before it needs more. */
export class Credit {
  /** The User Properties of the request, which set the initial credit. */
  readonly requestProperties: UserProperties
  readonly #limit: number
  #remaining: number
  #consumed = 0

  /** `limit` is the maximum number of items in flight; without it, the responder sends without limit. */
  constructor(limit: number | undefined) {
    this.#limit = limit ?? Infinity
    this.#remaining = this.#limit
    this.requestProperties = limit === undefined ? [] : initialCredit(limit)
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

  /** Counts one item as consumed. Returns the credit to grant once half of the limit is consumed, and 0 before. */
  consume(): number {
    this.#consumed++
    if (this.#consumed * 2 < this.#limit) return 0
    const granted = this.#consumed
    this.#remaining += granted
    this.#consumed = 0
    return granted
  }
}
