import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs'

/** A scheduler with a virtual clock that advances from timer to timer. */
export interface VirtualTime {
  readonly scheduler: SchedulerLike
  /** Advances to the next due time, at most to `end`, and runs all its timers. Returns whether there were any. */
  readonly step: (end: number) => boolean
  /** Runs all timers due until `end` and sets the clock to `end`. */
  readonly runTo: (end: number) => void
  /** Returns the due times of the pending timers. */
  readonly pending: () => readonly number[]
}

/**
 * Returns a virtual time that starts at 0. Timers with the same due time run in the order in which they were scheduled.
 *
 * The `VirtualTimeScheduler` of RxJS sorts all pending timers on every addition, which dominates a test with a thousand
 * packets in flight.
 */
export function virtualTime(): VirtualTime {
  const timers: Timer[] = []
  let frame = 0

  const add = (delay: number, run: () => void): Timer => {
    const timer = { due: frame + Math.max(0, delay), run }
    timers.splice(insertionIndex(timers, timer.due), 0, timer)
    return timer
  }
  const remove = (timer: Timer): void => {
    const from = insertionIndex(timers, timer.due) - 1
    const index = timers.lastIndexOf(timer, from)
    if (index >= 0) timers.splice(index, 1)
  }

  const step = (end: number): boolean => {
    const next = timers[0]
    if (next === undefined || next.due > end) return false
    frame = next.due
    for (let first: Timer | undefined = next; first?.due === frame; first = timers[0]) {
      timers.shift()
      first.run()
    }
    return true
  }

  return {
    scheduler: {
      now: () => frame,
      schedule: <T>(work: Work<T>, delay = 0, state?: T) =>
        new Action(work, { add, remove }).schedule(state, delay),
    },
    step,
    runTo: (end) => {
      while (step(end));
      frame = end
    },
    pending: () => timers.map(({ due }) => due),
  }
}

type Work<T> = (this: SchedulerAction<T>, state?: T) => void

interface Timer {
  readonly due: number
  readonly run: () => void
}

interface TimerQueue {
  readonly add: (delay: number, run: () => void) => Timer
  readonly remove: (timer: Timer) => void
}

/** A scheduled piece of work, which may reschedule itself. */
class Action<T> extends Subscription implements SchedulerAction<T> {
  readonly #work: Work<T>
  readonly #timers: TimerQueue
  #timer: Timer | undefined

  constructor(work: Work<T>, timerQueue: TimerQueue) {
    super(() => this.#cancelTimer())
    this.#work = work
    this.#timers = timerQueue
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this
    this.#cancelTimer()
    this.#timer = this.#timers.add(delay, () => {
      this.#timer = undefined
      this.#work.call(this, state)
    })
    return this
  }

  #cancelTimer(): void {
    if (this.#timer !== undefined) this.#timers.remove(this.#timer)
    this.#timer = undefined
  }
}

/** Returns the index for a timer due at `due`, after all timers due at the same time or earlier. */
function insertionIndex(timers: readonly Timer[], due: number): number {
  let [low, high] = [0, timers.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timers[middle]?.due ?? Infinity) <= due) low = middle + 1
    else high = middle
  }
  return low
}
