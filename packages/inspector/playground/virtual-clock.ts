/** A callback that is due at a virtual time. */
interface Timer {
  readonly id: number
  readonly due: number
  readonly run: () => void
  /** The milliseconds after which it is due again; `undefined` for a single call. */
  readonly period: number | undefined
}

/** The callback of a timer with the arguments it is called with. */
type Callback = (...args: readonly unknown[]) => void

/**
 * A clock that goes forward only by `step`, with the timers of a browser. Timers that are due at the same time run in the
 * order in which they were set.
 */
export class VirtualClock {
  #now = 0
  #latestId = 0
  readonly #timers: Timer[] = []

  /** The milliseconds since the start. */
  get now(): number {
    return this.#now
  }

  /** The due time of the next timer; `undefined` without a timer. */
  get next(): number | undefined {
    return this.#timers[0]?.due
  }

  /** Sets a timer for a single call, and returns its id. */
  readonly setTimeout = (callback: Callback, delay?: number, ...args: readonly unknown[]): number =>
    this.#add(delay, { id: ++this.#latestId, run: () => callback(...args), period: undefined })

  /** Sets a timer for a call each period, and returns its id. A period of 0 counts as one of a millisecond. */
  readonly setInterval = (callback: Callback, period?: number, ...args: readonly unknown[]): number =>
    this.#add(period, {
      id: ++this.#latestId,
      run: () => callback(...args),
      period: Math.max(1, toDelay(period)),
    })

  /** Removes a timer of either kind. */
  readonly clear = (id: number | undefined): void => {
    const index = this.#timers.findIndex((timer) => timer.id === id)
    if (index >= 0) this.#timers.splice(index, 1)
  }

  /** Goes forward to the next timer and runs it. What its callback throws is thrown here. */
  step(): void {
    const timer = this.#timers.shift()
    if (timer === undefined) return
    this.#now = timer.due
    const { period } = timer
    if (period !== undefined) this.#insert({ ...timer, due: timer.due + period })
    timer.run()
  }

  #add(delay: number | undefined, timer: Omit<Timer, 'due'>): number {
    this.#insert({ ...timer, due: this.#now + toDelay(delay) })
    return timer.id
  }

  #insert(timer: Timer): void {
    const index = this.#timers.findIndex(({ due }) => due > timer.due)
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer)
  }
}

/** Returns a delay as a browser understands it: anything but a positive number is 0. */
function toDelay(delay: number | undefined): number {
  const number = Number(delay)
  return number > 0 ? number : 0
}
