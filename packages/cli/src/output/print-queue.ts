/** Runs prints one after the other, in the order in which they were added. */
export class PrintQueue {
  #last: Promise<void> = Promise.resolve()

  add(print: () => Promise<void>): void {
    this.#last = this.#last.then(print)
  }

  /** Resolves when all prints have been run. */
  async printed(): Promise<void> {
    await this.#last
  }
}
