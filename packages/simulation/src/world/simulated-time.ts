import { Subscription, type SchedulerAction, type SchedulerLike } from 'rxjs'

type Work<T> = (this: SchedulerAction<T>, state?: T) => void

/** A piece of scheduled work; timers with the same due time run in order of their numbers. */
interface Timer {
  readonly due: number
  readonly number: number
  run: (() => void) | undefined
}

/** A clock that jumps from timer to timer, for a million of them. Times are in milliseconds. */
export interface SimulatedTime {
  readonly scheduler: SchedulerLike
  /** Runs all timers until a time, and sets the clock to it. */
  readonly runTo: (end: number) => void
}

/**
 * Returns a time that starts at 0.
 *
 * The pending timers form a binary heap: the `VirtualTimeScheduler` of RxJS sorts all of them on every addition, and a fleet
 * has several per device.
 */
export function simulatedTime(): SimulatedTime {
  const heap = new TimerHeap()
  let now = 0
  let count = 0

  const add = (delay: number, run: () => void): Timer => {
    const timer = { due: now + Math.max(0, delay), number: (count += 1), run }
    heap.push(timer)
    return timer
  }
  return {
    scheduler: {
      now: () => now,
      schedule: <T>(work: Work<T>, delay = 0, state?: T) => new Action<T>(work, add).schedule(state, delay),
    },
    runTo: (end) => {
      for (let first = heap.first; first !== undefined && first.due <= end; first = heap.first) {
        heap.removeFirst()
        now = first.due
        first.run?.()
      }
      now = end
    },
  }
}

/** A piece of work, which may schedule itself again. A cancelled timer stays in the heap until it is due, without its work. */
class Action<T> extends Subscription implements SchedulerAction<T> {
  readonly #work: Work<T>
  readonly #add: (delay: number, run: () => void) => Timer
  #timer: Timer | undefined

  constructor(work: Work<T>, add: (delay: number, run: () => void) => Timer) {
    super(() => this.#cancel())
    this.#work = work
    this.#add = add
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this
    this.#cancel()
    this.#timer = this.#add(delay, () => {
      this.#timer = undefined
      this.#work.call(this, state)
      if (this.#timer === undefined) this.unsubscribe()
    })
    return this
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#timer.run = undefined
    this.#timer = undefined
  }
}

/** A binary heap: each timer is due no later than the two below it. */
class TimerHeap {
  readonly #timers: Timer[] = []

  get first(): Timer | undefined {
    return this.#timers[0]
  }

  push(timer: Timer): void {
    const timers = this.#timers
    let index = timers.length
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = timers[above]
      if (parent === undefined || isBefore(parent, timer)) break
      timers[index] = parent
      index = above
    }
    timers[index] = timer
  }

  removeFirst(): void {
    const timers = this.#timers
    const last = timers.pop()
    if (last === undefined || timers.length === 0) return
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const [one, other] = [timers[left], timers[left + 1]]
      if (one === undefined) break
      const isOther = other !== undefined && isBefore(other, one)
      const smaller = isOther ? other : one
      if (isBefore(last, smaller)) break
      timers[index] = smaller
      index = isOther ? left + 1 : left
    }
    timers[index] = last
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.due < other.due || (one.due === other.due && one.number < other.number)
}
