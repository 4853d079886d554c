import { LinkedQueue, type ListNode } from '../linked-queue.js'

/** One that waits for its turn. */
export class QueuedItem<A> implements ListNode<QueuedItem<A>> {
  readonly item: A
  /** Whom it may not go side by side with: all of the same key. `undefined`: nobody. */
  readonly key: unknown
  queue: LinkedQueue<QueuedItem<A>> | undefined = undefined
  prevNode: QueuedItem<A> | undefined = undefined
  nextNode: QueuedItem<A> | undefined = undefined

  constructor(holder: A, key: unknown) {
    this.item = holder
    this.key = key
  }
}

/** Who waits, in the order in which they came: for one's turn alone, or for the one of the same key before. */
export class KeyedQueue<A> {
  readonly #ready = new LinkedQueue<QueuedItem<A>>()
  /** For each key whose turn is taken, those who come after. */
  readonly #heldByKey = new Map<unknown, LinkedQueue<QueuedItem<A>>>()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Those who wait; of one key, in their order. */
  get items(): readonly QueuedItem<A>[] {
    return [this.#ready, ...this.#heldByKey.values()].flatMap(({ items: all }) => all)
  }

  /** Takes the turn of a key for somebody who has just come; `false` where others come first. */
  tryClaim(key: unknown): boolean {
    if (this.#ready.length > 0) return false
    if (key === undefined) return true
    if (this.#heldByKey.has(key)) return false
    this.#heldByKey.set(key, new LinkedQueue())
    return true
  }

  push(waiter: QueuedItem<A>): void {
    const { key } = waiter
    const others = key === undefined ? undefined : this.#heldByKey.get(key)
    if (others === undefined && key !== undefined) this.#heldByKey.set(key, new LinkedQueue())
    ;(others ?? this.#ready).push(waiter)
    this.#length++
  }

  /** The next whose turn it is. */
  shift(): QueuedItem<A> | undefined {
    const waiter = this.#ready.shift()
    if (waiter !== undefined) this.#length--
    return waiter
  }

  /** Waits no longer. */
  remove(waiter: QueuedItem<A>): void {
    const { queue: line } = waiter
    if (line === undefined) return
    line.remove(waiter)
    this.#length--
    if (line === this.#ready) this.release(waiter.key)
  }

  /** The turn of a key is over, and the next one's. */
  release(key: unknown): void {
    if (key === undefined) return
    const next = this.#heldByKey.get(key)?.shift()
    if (next === undefined) this.#heldByKey.delete(key)
    else this.#ready.push(next)
  }
}
