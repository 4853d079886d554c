/** Runs tasks in order, each to its end: a task that another one adds runs after it, not within it. */
export class Serial {
  #isRunning = false
  readonly #tasks: (() => void)[] = []

  run(task: () => void): void {
    this.#tasks.push(task)
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let next = this.#tasks.shift(); next !== undefined; next = this.#tasks.shift()) next()
    } finally {
      this.#isRunning = false
    }
  }
}
