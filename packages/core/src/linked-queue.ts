/** What can stand in a line, in one at a time. The fields are the line's affair; to begin with they are `undefined`. */
export interface ListNode<Self extends ListNode<Self>> {
  queue: LinkedQueue<Self> | undefined
  prevNode: Self | undefined
  nextNode: Self | undefined
}

/**
 * A queue in which everything costs the same however long it is, leaving from the middle included.
 *
 * Also where the order does not matter: a `Set` is made anew with every few that come and go, each time leaving behind a
 * dead one that leads to the next. Where one of them has grown old, the garbage collector keeps all that stood in those
 * after it, and what hangs on that, until it looks at everything.
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

  /** Those who stand in it now; it may change while they are gone through. */
  get items(): T[] {
    const all: T[] = []
    for (let one = this.#first; one !== undefined; one = one.nextNode) all.push(one)
    return all
  }

  has(one: T): boolean {
    return one.queue === this
  }

  /** Takes somebody who is in no line to the end of this one. */
  push(one: T): void {
    one.queue = this
    one.prevNode = this.#last
    if (this.#last === undefined) this.#first = one
    else this.#last.nextNode = one
    this.#last = one
    this.#length++
  }

  /** Lets the first one go, and says who it was. */
  shift(): T | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  /** Lets somebody go, wherever in it; tells whether they stood in it. */
  remove(one: T): boolean {
    if (one.queue !== this) return false
    const { prevNode: before, nextNode: behind } = one
    if (before === undefined) this.#first = behind
    else before.nextNode = behind
    if (behind === undefined) this.#last = before
    else behind.prevNode = before
    one.queue = one.prevNode = one.nextNode = undefined
    this.#length--
    return true
  }

  /** Lets all go, and says who they were, in order. */
  clear(): T[] {
    const all = this.items
    for (const one of all) this.remove(one)
    return all
  }

  /** Takes all that stand in another line, in their order, to the front of this one. */
  unshiftAll(other: LinkedQueue<T>): void {
    for (let one = other.#last; one !== undefined; one = other.#last) {
      other.remove(one)
      one.queue = this
      one.nextNode = this.#first
      if (this.#first === undefined) this.#last = one
      else this.#first.prevNode = one
      this.#first = one
      this.#length++
    }
  }
}
