import { Line, type Queued } from '../line.js'

/** One that waits for its turn. */
export class Waiter<A> implements Queued<Waiter<A>> {
  readonly holder: A
  /** Whom it may not go side by side with: all of the same key. `undefined`: nobody. */
  readonly key: unknown
  line: Line<Waiter<A>> | undefined = undefined
  before: Waiter<A> | undefined = undefined
  behind: Waiter<A> | undefined = undefined

  constructor(holder: A, key: unknown) {
    this.holder = holder
    this.key = key
  }
}

/** Who waits, in the order in which they came: for one's turn alone, or for the one of the same key before. */
export class Turns<A> {
  readonly #ready = new Line<Waiter<A>>()
  /** For each key whose turn is taken, those who come after. */
  readonly #behind = new Map<unknown, Line<Waiter<A>>>()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Those who wait; of one key, in their order. */
  get all(): readonly Waiter<A>[] {
    return [this.#ready, ...this.#behind.values()].flatMap(({ all }) => all)
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
    const others = key === undefined ? undefined : this.#behind.get(key)
    if (others === undefined && key !== undefined) this.#behind.set(key, new Line())
    ;(others ?? this.#ready).push(waiter)
    this.#length++
  }

  /** The next whose turn it is. */
  next(): Waiter<A> | undefined {
    const waiter = this.#ready.shift()
    if (waiter !== undefined) this.#length--
    return waiter
  }

  /** Waits no longer. */
  leave(waiter: Waiter<A>): void {
    const { line } = waiter
    if (line === undefined) return
    line.remove(waiter)
    this.#length--
    if (line === this.#ready) this.pass(waiter.key)
  }

  /** The turn of a key is over, and the next one's. */
  pass(key: unknown): void {
    if (key === undefined) return
    const next = this.#behind.get(key)?.shift()
    if (next === undefined) this.#behind.delete(key)
    else this.#ready.push(next)
  }
}
