/** An item of a `LinkedQueue`. The queue manages these fields, which start as `undefined`. */
export interface ListNode<Self extends ListNode<Self>> {
  queue: LinkedQueue<Self> | undefined
  prevNode: Self | undefined
  nextNode: Self | undefined
}

/**
 * A FIFO with removal from the middle, in which every operation on one item takes constant time. An item is in at most one
 * queue at a time.
 *
 * Use it instead of a `Set` or `Map` for items that live for milliseconds, also if their order does not matter: see
 * decision 0009. A `Set` reallocates its table every few changes, and a discarded table in V8's old generation keeps the
 * items of all later tables alive until the next full garbage collection.
 */
export class LinkedQueue<T extends ListNode<T>> {
  #first: T | undefined
  #last: T | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#first
  }

  /** Returns a copy of the items, in order; the queue may change while the copy is iterated. */
  get items(): T[] {
    const items: T[] = []
    for (let item = this.#first; item !== undefined; item = item.nextNode) items.push(item)
    return items
  }

  has(item: T): boolean {
    return item.queue === this
  }

  /** Appends an item that is in no queue. */
  push(item: T): void {
    item.queue = this
    item.prevNode = this.#last
    if (this.#last === undefined) this.#first = item
    else this.#last.nextNode = item
    this.#last = item
    this.#length++
  }

  /** Removes and returns the first item. */
  shift(): T | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  /** Removes an item and returns whether it was queued here. */
  remove(item: T): boolean {
    if (item.queue !== this) return false
    const { prevNode: prev, nextNode: next } = item
    if (prev === undefined) this.#first = next
    else prev.nextNode = next
    if (next === undefined) this.#last = prev
    else next.prevNode = prev
    item.queue = item.prevNode = item.nextNode = undefined
    this.#length--
    return true
  }

  /** Removes and returns all items, in order. */
  clear(): T[] {
    const items = this.items
    for (const item of items) this.remove(item)
    return items
  }

  /** Moves all items of another queue to the front of this one, in their order. */
  unshiftAll(other: LinkedQueue<T>): void {
    for (let item = other.#last; item !== undefined; item = other.#last) {
      other.remove(item)
      item.queue = this
      item.nextNode = this.#first
      if (this.#first === undefined) this.#last = item
      else this.#first.prevNode = item
      this.#first = item
      this.#length++
    }
  }
}
