/**
 * A queue that runs synchronous tasks one after another: a task that a running task adds runs after it, not within
 * it.
 */
export class SerialQueue {
  #isRunning = false
  readonly #tasks: (() => void)[] = []

  run(task: () => void): void {
    this.#tasks.push(task)
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let current = this.#tasks.shift(); current !== undefined; current = this.#tasks.shift()) current()
    } finally {
      this.#isRunning = false
    }
  }
}
