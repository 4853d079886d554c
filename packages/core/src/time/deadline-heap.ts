/** An entry of a heap, ordered by time, then by order of addition. */
export interface HeapEntry {
  readonly dueAt: number
  readonly order: number
  /** The index in the heap; only the heap uses it. */
  position: number
}

/**
 * A binary heap that can also remove entries from its middle, in O(log n).
 *
 * Adding entries in order of time, as with equal delays, is O(1).
 */
export class DeadlineHeap<E extends HeapEntry> {
  readonly #entries: E[] = []

  get size(): number {
    return this.#entries.length
  }

  /** The earliest entry. */
  get first(): E | undefined {
    return this.#entries[0]
  }

  add(entry: E): void {
    this.#entries.push(entry)
    this.#siftUp(entry, this.#entries.length - 1)
  }

  /** Removes an entry and returns whether it was in the heap. */
  remove(entry: E): boolean {
    const { position } = entry
    if (this.#entries[position] !== entry) return false
    const last = this.#entries.pop()
    if (last !== undefined && last !== entry) {
      if (isBefore(last, entry)) this.#siftUp(last, position)
      else this.#siftDown(last, position)
    }
    return true
  }

  /** Removes and returns all entries. */
  clear(): E[] {
    return this.#entries.splice(0)
  }

  #siftUp(entry: E, from: number): void {
    let position = from
    while (position > 0) {
      const parentPosition = (position - 1) >> 1
      const parent = this.#entries[parentPosition]
      if (parent === undefined || isBefore(parent, entry)) break
      this.#put(parent, position)
      position = parentPosition
    }
    this.#put(entry, position)
  }

  #siftDown(entry: E, from: number): void {
    let position = from
    for (
      let child = this.#earlierChild(position);
      child !== undefined;
      child = this.#earlierChild(position)
    ) {
      if (isBefore(entry, child)) break
      const childPosition = child.position
      this.#put(child, position)
      position = childPosition
    }
    this.#put(entry, position)
  }

  #earlierChild(position: number): E | undefined {
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
