/** The lowest of the values of a period of time and of the period before. */
export class LatestMinimum {
  readonly #period: number
  #current = Infinity
  #previous = Infinity
  #startedAt = 0

  /** `period` is in milliseconds. */
  constructor(period: number) {
    this.#period = period
  }

  add(value: number, now: number): void {
    this.#advance(now)
    this.#current = Math.min(this.#current, value)
  }

  /** Returns the lowest value; `Infinity` if there was none. */
  at(now: number): number {
    this.#advance(now)
    return Math.min(this.#current, this.#previous)
  }

  #advance(now: number): void {
    const age = now - this.#startedAt
    if (age < this.#period) return
    this.#previous = age < 2 * this.#period ? this.#current : Infinity
    this.#current = Infinity
    this.#startedAt = now
  }
}
