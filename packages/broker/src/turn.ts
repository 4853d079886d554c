/** An object that collects work during a turn of the event loop and does it at the end of the turn. */
export interface Flushable {
  readonly flush: () => void
}

/**
 * A turn of the event loop. At its end it flushes the objects that were added, so that all output of a turn to one
 * receiver is written at once.
 */
export class Turn {
  readonly #atTurnEnd: (work: () => void) => void
  #waiting: Flushable[] = []
  #spare: Flushable[] = []
  #isScheduled = false

  /** `atTurnEnd` schedules work for the end of the turn: `setImmediate`, or a virtual scheduler. */
  constructor(atTurnEnd: (work: () => void) => void) {
    this.#atTurnEnd = atTurnEnd
  }

  add(flushable: Flushable): void {
    this.#waiting.push(flushable)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#atTurnEnd(this.#end)
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
