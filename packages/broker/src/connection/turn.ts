/** Something that gathers work during a turn and does it at the turn's end. */
export interface Flushable {
  readonly flush: () => void
}

/**
 * The end of a turn of the event loop: whatever was gathered meanwhile goes out in one piece for each receiver, however
 * many messages came in.
 */
export class Turn {
  readonly #later: (work: () => void) => void
  #waiting: Flushable[] = []
  #spare: Flushable[] = []
  #isScheduled = false

  /** `later` runs work after what runs now: `setImmediate`, or a virtual scheduler's. */
  constructor(later: (work: () => void) => void) {
    this.#later = later
  }

  add(flushable: Flushable): void {
    this.#waiting.push(flushable)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#later(this.#end)
  }

  readonly #end = (): void => {
    const flushables = this.#waiting
    this.#waiting = this.#spare
    this.#isScheduled = false
    for (const flushable of flushables) flushable.flush()
    flushables.length = 0
    this.#spare = flushables
  }
}
