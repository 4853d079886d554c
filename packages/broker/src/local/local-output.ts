import type { AntiphonError } from '@antiphon/core'
import type { Flushable, Turn } from '../turn.js'

/** What the output of a local connection works with. */
export interface LocalOutputOptions {
  readonly turn: Pick<Turn, 'add'>
  /** The observer of the connection: called after the listeners of its failure. */
  readonly failed: (error: AntiphonError) => void
  /** Runs the callbacks of a turn. */
  readonly run: (callbacks: () => void) => void
}

/**
 * The calls of a local connection to its observer, in order at the end of the turn, so that an observer that publishes is
 * never re-entered.
 */
export class LocalOutput implements Flushable {
  readonly #options: LocalOutputOptions
  #callbacks: (() => void)[] = []
  /** Called with the error when the connection ends. */
  readonly #failureListeners = new Set<(error: AntiphonError) => void>()

  constructor(options: LocalOutputOptions) {
    this.#options = options
  }

  /** Adds a call. */
  add(callback: () => void): void {
    if (this.#callbacks.push(callback) === 1) this.#options.turn.add(this)
  }

  /** Calls `listener` when the connection ends; returns the function that removes it. */
  onFailure(listener: (error: AntiphonError) => void): () => void {
    this.#failureListeners.add(listener)
    return () => this.#failureListeners.delete(listener)
  }

  /** Fails all pending operations and the connection, after the calls that are queued. */
  fail(error: AntiphonError): void {
    const listeners = [...this.#failureListeners]
    this.#failureListeners.clear()
    this.add(() => {
      for (const listener of listeners) listener(error)
      this.#options.failed(error)
    })
  }

  /** Removes the calls that are queued. */
  clear(): void {
    this.#callbacks = []
  }

  flush(): void {
    const callbacks = this.#callbacks
    this.#callbacks = []
    this.#options.run(() => {
      for (const callback of callbacks) callback()
    })
  }
}
