import { LinkedQueue, type ListNode } from '../linked-queue.js'

/** A queued item and the key that orders it. Items with `undefined` as key are not ordered among each other. */
export class QueuedItem<A> implements ListNode<QueuedItem<A>> {
  readonly item: A
  readonly key: unknown
  queue: LinkedQueue<QueuedItem<A>> | undefined = undefined
  prevNode: QueuedItem<A> | undefined = undefined
  nextNode: QueuedItem<A> | undefined = undefined

  constructor(item: A, key: unknown) {
    this.item = item
    this.key = key
  }
}

/**
 * A FIFO in which at most one item per key is released at a time.
 *
 * An item is *ready* when all earlier items of its key have been released or removed. Releasing a key makes its next item
 * ready.
 */
export class KeyedQueue<A> {
  readonly #ready = new LinkedQueue<QueuedItem<A>>()
  /** For each claimed key, the items that wait for its release. */
  readonly #heldByKey = new Map<unknown, LinkedQueue<QueuedItem<A>>>()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The queued items, those of each key in FIFO order. */
  get items(): readonly QueuedItem<A>[] {
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

  /** Appends an item; it becomes ready once the earlier items of its key have been released. */
  push(queued: QueuedItem<A>): void {
    const { key } = queued
    const held = key === undefined ? undefined : this.#heldByKey.get(key)
    if (held === undefined && key !== undefined) this.#heldByKey.set(key, new LinkedQueue())
    ;(held ?? this.#ready).push(queued)
    this.#length++
  }

  /** Removes and returns the next ready item. */
  shift(): QueuedItem<A> | undefined {
    const queued = this.#ready.shift()
    if (queued !== undefined) this.#length--
    return queued
  }

  /** Removes a queued item, for example because its request was cancelled. */
  remove(queued: QueuedItem<A>): void {
    const { queue } = queued
    if (queue === undefined) return
    queue.remove(queued)
    this.#length--
    if (queue === this.#ready) this.release(queued.key)
  }

  /** Releases `key` and makes its next item ready. */
  release(key: unknown): void {
    if (key === undefined) return
    const next = this.#heldByKey.get(key)?.shift()
    if (next === undefined) this.#heldByKey.delete(key)
    else this.#ready.push(next)
  }
}
