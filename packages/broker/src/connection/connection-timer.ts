import type { Deadline, Deadlines } from '@antiphon/core/link'

/** A timer with at most one deadline at a time. */
export class ConnectionTimer {
  readonly #deadlines: Deadlines
  #deadline: Deadline | undefined

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  /** Starts the timer; replaces the previous deadline. */
  start(milliseconds: number, onDue: () => void): void {
    this.stop()
    this.#deadline = this.#deadlines.add(milliseconds, onDue)
  }

  /**
   * Calls `onDue` when `remaining` returns no milliseconds any more. Cheaper than restarting the timer for each
   * packet.
   */
  watch(remaining: () => number, onDue: () => void): void {
    const milliseconds = remaining()
    if (milliseconds > 0) this.start(milliseconds, () => this.watch(remaining, onDue))
    else onDue()
  }

  stop(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
  }
}
