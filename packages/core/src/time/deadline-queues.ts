import { LinkedQueue, type ListNode } from '../linked-queue.js'
import { DeadlineHeap, type HeapEntry } from './deadline-heap.js'

/** An entry among those of the same delay. */
export interface QueuedDeadline<E extends QueuedDeadline<E>> extends ListNode<E> {
  /** Whatever it was added with: equal delays end in the order in which they began. */
  readonly delay: number
  readonly dueAt: number
  readonly order: number
}

/** Entries of one delay, which come in the order of their addition; as a whole it is due when its first one is. */
class DelayQueue<E extends QueuedDeadline<E>> extends LinkedQueue<E> implements HeapEntry {
  dueAt = 0
  order = 0
  position = -1
}

/**
 * Entries in the order of their time, and at the same time of their addition.
 *
 * Most have one of a few delays, such as a caller's timeout. Those of one delay stand in a line, where coming and going
 * costs the same however many they are, and only the lines are in a heap.
 */
export class DeadlineQueues<E extends QueuedDeadline<E>> {
  readonly #queues = new Map<number, DelayQueue<E>>()
  readonly #heap = new DeadlineHeap<DelayQueue<E>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The entry that is due before all others. */
  get first(): E | undefined {
    return this.#heap.first?.first
  }

  /** Takes an entry that is not due before any of its delay. */
  add(entry: E): void {
    const run = this.#queues.get(entry.delay) ?? this.#begin(entry)
    run.push(entry)
    this.#size++
    if (run.length === 1) this.#place(run, entry)
  }

  /** Takes an entry out; tells whether it was in. */
  remove(entry: E): boolean {
    const run = this.#queues.get(entry.delay)
    const wasFirst = run?.first === entry
    if (run?.remove(entry) !== true) return false
    this.#size--
    if (wasFirst) {
      this.#heap.remove(run)
      if (run.first === undefined) this.#queues.delete(entry.delay)
      else this.#place(run, run.first)
    }
    return true
  }

  /** Takes out all entries and returns them. */
  clear(): E[] {
    const entries: E[] = []
    for (let first = this.first; first !== undefined; first = this.first) {
      this.remove(first)
      entries.push(first)
    }
    return entries
  }

  #begin({ delay }: E): DelayQueue<E> {
    const run = new DelayQueue<E>()
    this.#queues.set(delay, run)
    return run
  }

  #place(run: DelayQueue<E>, first: E): void {
    run.dueAt = first.dueAt
    run.order = first.order
    this.#heap.add(run)
  }
}
