import { LinkedQueue, type ListNode } from '../linked-queue.js'

/** An item of a `KeyedQueue` and the key that orders it. Items with `undefined` as key are not ordered among each other. */
export interface KeyedNode<Self extends KeyedNode<Self>> extends ListNode<Self> {
  readonly key: unknown
}

/**
 * A FIFO in which at most one item per key is released at a time.
 *
 * An item is *ready* when all earlier items of its key have been released or removed. Releasing a key makes its next item
 * ready.
 */
export class KeyedQueue<T extends KeyedNode<T>> {
  readonly #ready = new LinkedQueue<T>()
  /** For each claimed key, the items that wait for its release. */
  readonly #heldByKey = new Map<unknown, LinkedQueue<T>>()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Returns the next ready item. */
  get first(): T | undefined {
    return this.#ready.first
  }

  /** The queued items, those of each key in FIFO order. */
  get items(): readonly T[] {
    return [this.#ready, ...this.#heldByKey.values()].flatMap(({ items }) => items)
  }

  /** Claims `key` for an item that has not been queued. Returns `false` if earlier items must go first. */
  tryClaim(key: unknown): boolean {
    if (this.#ready.length > 0) return false
    if (key === undefined) return true
    if (this.#heldByKey.has(key)) return false
    this.#heldByKey.set(key, new LinkedQueue())
    return true
  }

  /**
   * Appends an item; it becomes ready once the earlier items of its key have been released. Returns whether it is ready.
   */
  push(item: T): boolean {
    const { key } = item
    const held = this.#heldByKey.get(key)
    if (held === undefined && key !== undefined) this.#heldByKey.set(key, new LinkedQueue())
    ;(held ?? this.#ready).push(item)
    this.#length++
    return held === undefined
  }

  /** Removes and returns the next ready item. */
  shift(): T | undefined {
    const item = this.#ready.shift()
    if (item !== undefined) this.#length--
    return item
  }

  /** Removes an item, for example because its request was cancelled, and returns whether it was queued. */
  remove(item: T): boolean {
    const isReady = this.#ready.remove(item)
    if (!isReady && this.#heldByKey.get(item.key)?.remove(item) !== true) return false
    this.#length--
    if (isReady) this.release(item.key)
    return true
  }

  /** Releases `key` and makes its next item ready. */
  release(key: unknown): void {
    if (key === undefined) return
    const next = this.#heldByKey.get(key)?.shift()
    if (next === undefined) this.#heldByKey.delete(key)
    else this.#ready.push(next)
  }
}
