import { Subscription, throwError, type SchedulerLike } from 'rxjs'
import { invalidArgument } from '../argument.js'
import type { LinkedQueue } from '../linked-queue.js'
import { DeadlineQueues, type QueuedDeadline } from './deadline-queues.js'
import { elapsedClock } from './elapsed-clock.js'

/** A pending call at a point in time, which can be cancelled. */
export interface Deadline {
  /** Cancels the call and releases `onDue`. Idempotent. */
  readonly cancel: () => void
  /** Returns the milliseconds until it is due; negative once that time has passed. */
  readonly left: () => number
}

/** Called when a deadline is due. Pass an object to avoid one closure per deadline. */
export type OnDue = (() => void) | { readonly due: () => void }

/** A queue of deadlines that share one scheduled action. */
export interface Deadlines {
  /**
   * Calls `onDue` in `dueIn` milliseconds; if that is 0 or less, as soon as possible but not synchronously; if `Infinity`,
   * never. Throws `invalid-argument` if `dueIn` is NaN.
   *
   * Deadlines of the same time are called in order of addition. If one throws, the others are still called; the error is
   * reported as RxJS reports unhandled errors, see `config.onUnhandledError`.
   */
  readonly add: (dueIn: number, onDue: OnDue) => Deadline
  /** Returns the elapsed milliseconds since an arbitrary origin; never goes back, also if the time of day is set. */
  readonly now: () => number
  /** Cancels all pending deadlines. */
  readonly clear: () => void
  /** The number of pending deadlines. */
  readonly size: number
}

/** The longest delay of a timer in milliseconds; `setTimeout` treats longer ones as 1. */
const longestDelay = 2 ** 31 - 1

/**
 * Creates a queue of deadlines on a scheduler. It schedules one action, for the earliest deadline or sooner, and none if
 * no deadline is pending.
 *
 * Time is what elapses, not the time of day: setting the system clock changes no deadline. While the machine sleeps, no
 * time elapses, except where its operating system counts it.
 */
export function deadlines(scheduler: SchedulerLike): Deadlines {
  const pending = new DeadlineQueues<PendingDeadline>()
  let armed: { readonly at: number; readonly action: Subscription } | undefined
  let isFiring = false
  let lastOrder = 0
  const clock = elapsedClock(scheduler)

  const disarm = (): void => {
    armed?.action.unsubscribe()
    armed = undefined
  }

  const arm = (): void => {
    const dueAt = pending.first?.dueAt ?? Infinity
    if (dueAt === Infinity) return disarm()
    // An action that fires too early only arms the next one; this is cheaper than replacing it on every cancellation.
    if (isFiring || (armed !== undefined && armed.at <= dueAt)) return
    disarm()
    const now = clock()
    const delay = Math.min(Math.max(0, dueAt - now), longestDelay)
    // Assign before scheduling, because a scheduler may run the action synchronously.
    armed = { at: now + delay, action: new Subscription() }
    armed.action.add(scheduler.schedule(fire, delay))
  }

  const fire = (): void => {
    // A timer may fire slightly early by the clock; treat its time as reached.
    const now = clock(armed?.at)
    const lastBefore = lastOrder
    armed = undefined
    isFiring = true
    for (let first = pending.first; first !== undefined; first = pending.first) {
      if (first.dueAt > now || first.order > lastBefore) break
      pending.remove(first)
      fireEntry(first)
    }
    isFiring = false
    arm()
  }

  const owner: DeadlineOwner = {
    clock,
    onCancelled: (entry) => {
      if (pending.remove(entry)) arm()
    },
  }

  return {
    add: (dueIn, onDue) => {
      if (Number.isNaN(dueIn)) throw invalidArgument('dueIn is NaN: it must be a number of milliseconds')
      const delay = Math.max(0, dueIn)
      const entry = new PendingDeadline(
        { delay, dueAt: clock() + delay, order: (lastOrder += 1) },
        onDue,
        owner,
      )
      pending.add(entry)
      arm()
      return entry
    },
    now: () => clock(),
    clear: () => {
      for (const entry of pending.clear()) entry.onDue = undefined
      disarm()
    },
    get size() {
      return pending.size
    },
  }
}

/** The queue as its deadlines see it. */
interface DeadlineOwner {
  readonly clock: () => number
  readonly onCancelled: (entry: PendingDeadline) => void
}

class PendingDeadline implements Deadline, QueuedDeadline<PendingDeadline> {
  readonly delay: number
  readonly dueAt: number
  readonly order: number
  queue: LinkedQueue<PendingDeadline> | undefined = undefined
  prevNode: PendingDeadline | undefined = undefined
  nextNode: PendingDeadline | undefined = undefined
  onDue: OnDue | undefined
  readonly #owner: DeadlineOwner

  constructor(
    { delay, dueAt, order }: Pick<PendingDeadline, 'delay' | 'dueAt' | 'order'>,
    onDue: OnDue,
    owner: DeadlineOwner,
  ) {
    this.delay = delay
    this.dueAt = dueAt
    this.order = order
    this.onDue = onDue
    this.#owner = owner
  }

  cancel(): void {
    this.onDue = undefined
    this.#owner.onCancelled(this)
  }

  left(): number {
    return this.dueAt - this.#owner.clock()
  }
}

function fireEntry(entry: PendingDeadline): void {
  const { onDue } = entry
  entry.onDue = undefined
  try {
    if (typeof onDue === 'function') onDue()
    else onDue?.due()
  } catch (error) {
    throwError(() => error).subscribe()
  }
}
