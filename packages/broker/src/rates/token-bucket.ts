/**
 * A token bucket: it fills at `rate` tokens per second of elapsed time, and holds the tokens of one second. It may be
 * overdrawn, because what has been received cannot be refused.
 */
export class TokenBucket {
  readonly #rate: number
  readonly #now: () => number
  #tokens: number
  #filledAt: number

  /** `now` returns elapsed milliseconds. */
  constructor(rate: number, now: () => number) {
    this.#rate = rate
    this.#now = now
    this.#tokens = this.#capacity
    this.#filledAt = now()
  }

  /** Whether it holds as many tokens as it can. */
  get isFull(): boolean {
    this.#fill()
    return this.#tokens === this.#capacity
  }

  /** Takes tokens and returns the milliseconds until the bucket is not overdrawn any more; 0 if it is not. */
  take(tokens: number): number {
    this.#fill()
    this.#tokens -= tokens
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate) * 1_000
  }

  /** Takes a token if there is one. */
  tryTake(): boolean {
    this.#fill()
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** At least one token, also for rates below one per second. */
  get #capacity(): number {
    return Math.max(1, this.#rate)
  }

  #fill(): void {
    const now = this.#now()
    const tokens = this.#tokens + ((now - this.#filledAt) / 1_000) * this.#rate
    this.#tokens = Math.min(this.#capacity, tokens)
    this.#filledAt = now
  }
}
