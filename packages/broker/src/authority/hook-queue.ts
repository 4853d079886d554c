/** Keeps one client's messages in order while hooks are being waited for, and says when enough of them wait. */
export class HookQueue {
  length = 0
  #last: Promise<void> = Promise.resolve()
  readonly #capacity: number
  readonly #hasRoom: () => void

  /** `hasRoom` is called when a full lane is full no more. */
  constructor(capacity: number, hasRoom: () => void) {
    this.#capacity = capacity
    this.#hasRoom = hasRoom
  }

  get isFull(): boolean {
    return this.length >= this.#capacity
  }

  /** Runs `work` on `ready` once everything that entered before has run; its own result may still be under way then. */
  async run<T, R>(
    ready: T | Promise<T>,
    work: (ready: T) => R | Promise<R>,
  ): Promise<{ readonly outcome: R | Promise<R> }> {
    this.length++
    const previous = this.#last
    let leave = (): void => {}
    this.#last = new Promise((resolve) => (leave = resolve))
    try {
      const [value] = await Promise.all([ready, previous])
      return { outcome: work(value) }
    } finally {
      const wasFull = this.isFull
      this.length--
      leave()
      if (wasFull) this.#hasRoom()
    }
  }
}
