/** What a heap orders: by time, and at the same time by order of addition. */
export interface HeapEntry {
  readonly dueAt: number
  readonly order: number
  /** Where the heap keeps it; its own affair. */
  position: number
}

/**
 * A binary heap that also lets go of entries from its middle, at once and in logarithmic time.
 *
 * Entries that come in the order of their time, as equal delays do, cost a constant time to add.
 */
export class DeadlineHeap<E extends HeapEntry> {
  readonly #entries: E[] = []

  get size(): number {
    return this.#entries.length
  }

  /** The entry that is due before all others. */
  get first(): E | undefined {
    return this.#entries[0]
  }

  add(entry: E): void {
    this.#entries.push(entry)
    this.#rise(entry, this.#entries.length - 1)
  }

  /** Takes an entry out; tells whether it was in. */
  remove(entry: E): boolean {
    const { position } = entry
    if (this.#entries[position] !== entry) return false
    const last = this.#entries.pop()
    if (last !== undefined && last !== entry) {
      if (isBefore(last, entry)) this.#rise(last, position)
      else this.#sink(last, position)
    }
    return true
  }

  /** Takes out all entries and returns them. */
  clear(): E[] {
    return this.#entries.splice(0)
  }

  #rise(entry: E, from: number): void {
    let position = from
    while (position > 0) {
      const above = (position - 1) >> 1
      const parent = this.#entries[above]
      if (parent === undefined || isBefore(parent, entry)) break
      this.#put(parent, position)
      position = above
    }
    this.#put(entry, position)
  }

  #sink(entry: E, from: number): void {
    let position = from
    for (let child = this.#soonerChild(position); child !== undefined; child = this.#soonerChild(position)) {
      if (isBefore(entry, child)) break
      const below = child.position
      this.#put(child, position)
      position = below
    }
    this.#put(entry, position)
  }

  #soonerChild(position: number): E | undefined {
    const left = this.#entries[2 * position + 1]
    const right = this.#entries[2 * position + 2]
    return left !== undefined && right !== undefined && isBefore(right, left) ? right : left
  }

  #put(entry: E, position: number): void {
    this.#entries[position] = entry
    entry.position = position
  }
}

function isBefore(a: HeapEntry, b: HeapEntry): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)
}
