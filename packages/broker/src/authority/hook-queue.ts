/** A queue that keeps one client's messages in order while their hooks are pending. While `isFull`, stop reading. */
export class HookQueue {
  length = 0
  /** Settles when the last work was started; `undefined` while no message has had to wait. */
  #last: Promise<void> | undefined
  readonly #capacity: number
  readonly #hasRoom: () => void

  /** `hasRoom` is called when the queue is no longer full. */
  constructor(capacity: number, hasRoom: () => void) {
    this.#capacity = capacity
    this.#hasRoom = hasRoom
  }

  get isFull(): boolean {
    return this.length >= this.#capacity
  }

  /**
   * Runs `work` on the value of `ready` after all earlier work was started. The result is wrapped, so that a Promise
   * that `work` returns does not delay later work.
   */
  async run<T, R>(
    ready: T | Promise<T>,
    work: (ready: T) => R | Promise<R>,
  ): Promise<{ readonly outcome: R | Promise<R> }> {
    this.length++
    const previous = this.#last
    let release = (): void => {}
    this.#last = new Promise((resolve) => (release = resolve))
    try {
      const [value] = await Promise.all([ready, previous])
      return { outcome: work(value) }
    } finally {
      const wasFull = this.isFull
      this.length--
      release()
      if (wasFull) this.#hasRoom()
    }
  }
}
