/** Counts what a requester waits for. */
export class Pending {
  #count = 0
  #onNone: (() => void) | undefined

  /** Counts one more exchange; returns a function to be called when it has settled. */
  add(): () => void {
    this.#count += 1
    let isSettled = false
    return () => {
      if (isSettled) return
      isSettled = true
      this.#count -= 1
      if (this.#count === 0) this.#onNone?.()
    }
  }

  /** Resolves when nothing is pending. */
  async untilNone(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#onNone = resolve))
  }
}
