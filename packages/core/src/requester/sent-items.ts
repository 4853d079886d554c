import type { Failure } from '../protocol/status.js'
import type { StreamPosition } from '../protocol/stream-position.js'

/** An item of a request stream, or its end, as it is sent. */
export interface SentItem {
  readonly payload: Uint8Array
  readonly position: StreamPosition
  /** Why the stream failed; only at its end. */
  readonly failure?: Failure
}

/** The items of a request stream that the responder may not have received, and those that have not been sent. */
export class SentItems {
  #items: SentItem[] = []
  #firstIndex = 0
  /** The index of the next item to send. */
  #cursor = 0

  /** Returns the index of the first item that is kept. */
  get firstIndex(): number {
    return this.#firstIndex
  }

  /** Returns the index of the next item that is added. */
  get nextIndex(): number {
    return this.#firstIndex + this.#items.length
  }

  push(payload: Uint8Array, isLast: boolean): void {
    this.#items.push({ payload, position: { index: this.nextIndex, isLast } })
  }

  /** Returns the next item to send. */
  shiftUnsent(): SentItem | undefined {
    const item = this.#items[this.#cursor - this.#firstIndex]
    if (item !== undefined) this.#cursor++
    return item
  }

  /** Drops the items before an index, because the responder has received them. */
  release(index: number): void {
    this.#items = this.#items.slice(index - this.#firstIndex)
    this.#firstIndex = index
    this.#cursor = Math.max(this.#cursor, index)
  }

  /** Sends again from an index. Returns whether anything after it has been sent. */
  rewind(index: number): boolean {
    const wasSent = this.#cursor > index
    this.#cursor = index
    return wasSent
  }
}
