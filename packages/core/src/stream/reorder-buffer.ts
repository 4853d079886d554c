import type { StreamPosition } from '../protocol/stream-position.js'

/** A message of a stream with its position. */
export interface PositionedItem<A> {
  readonly item: A
  readonly position: StreamPosition
}

/** Puts the messages of a stream in order and drops those that are repeated. */
export class ReorderBuffer<A> {
  /** The messages that arrived after a missing one. */
  readonly #waiting = new Map<number, PositionedItem<A>>()
  #nextIndex = 0

  /** Returns the index of the first message that has not been returned by `shift`. */
  get nextIndex(): number {
    return this.#nextIndex
  }

  /** Returns how many messages wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** Returns the messages that wait, in the order of arrival. */
  get waiting(): IterableIterator<PositionedItem<A>> {
    return this.#waiting.values()
  }

  /** Whether the message at this index has been added before. */
  has(index: number): boolean {
    return index < this.#nextIndex || this.#waiting.has(index)
  }

  add(item: A, position: StreamPosition): void {
    this.#waiting.set(position.index, { item, position })
  }

  /** Removes and returns the next message; `undefined` if it has not arrived. */
  shift(): PositionedItem<A> | undefined {
    const next = this.#waiting.get(this.#nextIndex)
    if (next === undefined) return undefined
    this.#waiting.delete(this.#nextIndex)
    this.#nextIndex++
    return next
  }

  /** Drops the messages that wait. */
  clear(): void {
    this.#waiting.clear()
  }

  /** Drops the messages that wait, and expects the first one again. */
  reset(): void {
    this.clear()
    this.#nextIndex = 0
  }
}
