import type { Deadline, Deadlines } from '@antiphon/core/link'

/** Waits for one thing at a time, and no longer than told. */
export class Patience {
  readonly #deadlines: Deadlines
  #deadline: Deadline | undefined

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  /** Waits that many milliseconds, for nothing else any more. */
  limit(milliseconds: number, onDue: () => void): void {
    this.end()
    this.#deadline = this.#deadlines.add(milliseconds, onDue)
  }

  /** Waits until the last sign of life, which it asks for, is older than allowed: `left` says how much there is to go. */
  watch(left: () => number, onDue: () => void): void {
    const remaining = left()
    if (remaining > 0) this.limit(remaining, () => this.watch(left, onDue))
    else onDue()
  }

  end(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
  }
}
