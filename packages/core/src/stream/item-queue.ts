import { Fifo } from '../link/fifo.js'

/** A call of the iterator's `next` that waits for an item. */
interface Reader<A> {
  readonly resolve: (result: IteratorResult<A, undefined>) => void
  readonly reject: (error: unknown) => void
}

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined }

/** The items of a stream that are pushed at one end and read by an async iterator at the other. */
export class ItemQueue<A> {
  readonly #unread = new Fifo<A>()
  readonly #readers = new Fifo<Reader<A>>()
  readonly #onRead: () => void
  #end: { readonly error?: unknown } | undefined

  /** `onRead` is called when an item is read, before its reader is resumed. */
  constructor(onRead: () => void) {
    this.#onRead = onRead
  }

  push(item: A): void {
    const reader = this.#readers.shift()
    if (reader === undefined) this.#unread.push(item)
    else {
      this.#onRead()
      reader.resolve({ done: false, value: item })
    }
  }

  /** Ends the stream behind its items, with the error if there is one. */
  end(error?: unknown): void {
    this.#end = error === undefined ? {} : { error }
    this.#settleReaders()
  }

  /** Reads the next item. */
  read(): Promise<IteratorResult<A, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#unread.length > 0) {
        this.#onRead()
        resolve({ done: false, value: this.#unread.shift() as A })
        return
      }
      this.#readers.push({ resolve, reject })
      if (this.#end !== undefined) this.#settleReaders()
    })
  }

  /** Drops what has not been read, because the iteration has been left. */
  close(): IteratorResult<A, undefined> {
    this.#unread.clear()
    this.end()
    return DONE
  }

  #settleReaders(): void {
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      if (this.#end?.error !== undefined) reader.reject(this.#end.error)
      else reader.resolve(DONE)
      // The iterator protocol: the error is thrown once, then the iteration is done.
      this.#end = {}
    }
  }
}
