import { LinkedQueue, type ListNode } from '../linked-queue.js'
import { DeadlineHeap, type HeapEntry } from './deadline-heap.js'

/** An entry of a `DelayQueue`. */
export interface QueuedDeadline<E extends QueuedDeadline<E>> extends ListNode<E> {
  /** The delay it was added with. Entries of equal delay are due in order of addition. */
  readonly delay: number
  readonly dueAt: number
  readonly order: number
}

/** A FIFO of the entries of one delay; in the heap it has the time of its first entry. */
class DelayQueue<E extends QueuedDeadline<E>> extends LinkedQueue<E> implements HeapEntry {
  dueAt = 0
  order = 0
  position = -1
}

/**
 * A priority queue of entries ordered by time, then by order of addition.
 *
 * Most entries have one of a few delays, such as the timeout of a request. Entries of the same delay form a FIFO, where
 * adding and removing is O(1); only the FIFOs are in a heap. See decision 0009.
 */
export class DeadlineQueues<E extends QueuedDeadline<E>> {
  readonly #queues = new Map<number, DelayQueue<E>>()
  readonly #heap = new DeadlineHeap<DelayQueue<E>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The earliest entry. */
  get first(): E | undefined {
    return this.#heap.first?.first
  }

  /** Adds an entry, which must not be due before an earlier entry of the same delay. */
  add(entry: E): void {
    const queue = this.#queues.get(entry.delay) ?? this.#createQueue(entry)
    queue.push(entry)
    this.#size++
    if (queue.length === 1) this.#addToHeap(queue, entry)
  }

  /** Removes an entry and returns whether it was queued. */
  remove(entry: E): boolean {
    const queue = this.#queues.get(entry.delay)
    const wasFirst = queue?.first === entry
    if (queue?.remove(entry) !== true) return false
    this.#size--
    if (wasFirst) {
      this.#heap.remove(queue)
      if (queue.first === undefined) this.#queues.delete(entry.delay)
      else this.#addToHeap(queue, queue.first)
    }
    return true
  }

  /** Removes and returns all entries, in order. */
  clear(): E[] {
    const entries: E[] = []
    for (let first = this.first; first !== undefined; first = this.first) {
      this.remove(first)
      entries.push(first)
    }
    return entries
  }

  #createQueue({ delay }: E): DelayQueue<E> {
    const queue = new DelayQueue<E>()
    this.#queues.set(delay, queue)
    return queue
  }

  #addToHeap(queue: DelayQueue<E>, first: E): void {
    queue.dueAt = first.dueAt
    queue.order = first.order
    this.#heap.add(queue)
  }
}
