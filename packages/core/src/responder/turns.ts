import { Line, Place } from '../link/line.js'

/** One that waits for its turn. */
export interface Waiter<A> {
  readonly holder: A
  /** Whom it may not go side by side with: all of the same key. `undefined`: nobody. */
  readonly key: unknown
}

/** Who waits, in the order in which they came: for one's turn alone, or for the one of the same key before. */
export class Turns<A> {
  readonly #waiting = new Map<Waiter<A>, Place<Waiter<A>>>()
  readonly #ready = new Line<Waiter<A>>()
  /** For each key whose turn is taken, those who come after. */
  readonly #behind = new Map<unknown, Line<Waiter<A>>>()

  get length(): number {
    return this.#waiting.size
  }

  /** Those who wait. */
  get all(): readonly Waiter<A>[] {
    return [...this.#waiting.keys()]
  }

  /** Takes the turn of a key for somebody who has just come; `false` where others come first. */
  take(key: unknown): boolean {
    if (this.#ready.length > 0) return false
    if (key === undefined) return true
    if (this.#behind.has(key)) return false
    this.#behind.set(key, new Line())
    return true
  }

  wait(waiter: Waiter<A>): void {
    const { key } = waiter
    const place = new Place(waiter)
    const others = key === undefined ? undefined : this.#behind.get(key)
    this.#waiting.set(waiter, place)
    if (others === undefined && key !== undefined) this.#behind.set(key, new Line())
    ;(others ?? this.#ready).push(place)
  }

  /** The next whose turn it is. */
  next(): Waiter<A> | undefined {
    const waiter = this.#ready.shift()
    if (waiter !== undefined) this.#waiting.delete(waiter)
    return waiter
  }

  /** Waits no longer. */
  leave(waiter: Waiter<A>): void {
    const place = this.#waiting.get(waiter)
    if (place === undefined) return
    const hasTurn = place.line === this.#ready
    this.#waiting.delete(waiter)
    place.leave()
    if (hasTurn) this.pass(waiter.key)
  }

  /** The turn of a key is over, and the next one's. */
  pass(key: unknown): void {
    if (key === undefined) return
    const others = this.#behind.get(key)
    const next = others?.shift()
    const place = next && this.#waiting.get(next)
    if (place === undefined) this.#behind.delete(key)
    else this.#ready.push(place)
  }
}
