import { Subscription, throwError, type SchedulerLike } from 'rxjs'
import { invalidArgument } from '../argument.js'
import type { LinkedQueue } from '../linked-queue.js'
import { DeadlineQueues, type QueuedDeadline } from './deadline-queues.js'

/** Something due at a time; cancelled, it never comes. */
export interface Deadline {
  /** Idempotent. What was to be called is let go of at once. */
  readonly cancel: () => void
  /** Milliseconds until it comes, or would have come; below 0 when it should have. */
  readonly left: () => number
}

/** What is done when a deadline comes. Where very many wait, an object of theirs saves each a function of its own. */
export type OnDue = (() => void) | { readonly due: () => void }

/** Any number of deadlines on one scheduled action. */
export interface Deadlines {
  /**
   * Calls `onDue` in `dueIn` milliseconds: at once but not within this call where that is 0 or less, never where it is
   * `Infinity`. Throws `invalid-argument` where it is not a number.
   *
   * Deadlines of the same time come in the order of their addition. One that throws does not keep the others from
   * coming: its error is reported as RxJS reports those that nobody handles, see `config.onUnhandledError`.
   */
  readonly add: (dueIn: number, onDue: OnDue) => Deadline
  /** Cancels all that are pending. */
  readonly clear: () => void
  /** How many are pending. */
  readonly size: number
}

/** The longest delay a timer takes. */
const longestDelay = 2 ** 31 - 1

/**
 * A queue of deadlines on a scheduler: at any time one action is scheduled, for the earliest of them or sooner, and none
 * while nothing is pending.
 *
 * Time is what the scheduler's clock goes forward by. The system's can be set: forward, and deadlines come too soon, as
 * they should after a sleep of the machine; back, and they may come late by the time since the queue last looked.
 */
export function deadlines(scheduler: SchedulerLike): Deadlines {
  const pending = new DeadlineQueues<Entry>()
  let armed: { readonly at: number; readonly action: Subscription } | undefined
  let isFiring = false
  let added = 0
  let latest = scheduler.now()
  let setBack = 0

  /** The scheduler's time, which here never goes back; `reached` is what a timer tells of it. */
  const clock = (reached = 0): number => {
    const now = scheduler.now()
    if (now < latest) setBack = Math.max(reached, latest + setBack) - now
    latest = now
    return now + setBack
  }

  const disarm = (): void => {
    armed?.action.unsubscribe()
    armed = undefined
  }

  const arm = (): void => {
    const dueAt = pending.first?.dueAt ?? Infinity
    if (dueAt === Infinity) return disarm()
    // An action that comes too soon finds nothing due and arms anew: cheaper than to replace it at every cancellation.
    if (isFiring || (armed !== undefined && armed.at <= dueAt)) return
    disarm()
    const now = clock()
    const delay = Math.min(Math.max(0, dueAt - now), longestDelay)
    // Set before the scheduling, for a scheduler may act within it.
    armed = { at: now + delay, action: new Subscription() }
    armed.action.add(scheduler.schedule(fire, delay))
  }

  const fire = (): void => {
    // A timer may be a fraction early by the clock; what it was set for is due all the same.
    const set = armed?.at ?? 0
    const now = Math.max(clock(set), set)
    const newest = added
    armed = undefined
    isFiring = true
    for (let first = pending.first; first !== undefined; first = pending.first) {
      if (first.dueAt > now || first.order > newest) break
      pending.remove(first)
      come(first)
    }
    isFiring = false
    arm()
  }

  const keeper: Keeper = {
    clock,
    cancelled: (entry) => {
      if (pending.remove(entry)) arm()
    },
  }

  return {
    add: (dueIn, onDue) => {
      if (Number.isNaN(dueIn)) throw invalidArgument('dueIn is NaN: it must be a number of milliseconds')
      const delay = Math.max(0, dueIn)
      const entry = new Entry({ delay, dueAt: clock() + delay, order: (added += 1) }, onDue, keeper)
      pending.add(entry)
      arm()
      return entry
    },
    clear: () => {
      for (const entry of pending.clear()) entry.onDue = undefined
      disarm()
    },
    get size() {
      return pending.size
    },
  }
}

/** Who keeps the entries, as each of them sees it. */
interface Keeper {
  readonly clock: () => number
  readonly cancelled: (entry: Entry) => void
}

class Entry implements Deadline, QueuedDeadline<Entry> {
  readonly delay: number
  readonly dueAt: number
  readonly order: number
  queue: LinkedQueue<Entry> | undefined = undefined
  prevNode: Entry | undefined = undefined
  nextNode: Entry | undefined = undefined
  onDue: OnDue | undefined
  readonly #keeper: Keeper

  constructor(
    { delay, dueAt, order }: Pick<Entry, 'delay' | 'dueAt' | 'order'>,
    onDue: OnDue,
    keeper: Keeper,
  ) {
    this.delay = delay
    this.dueAt = dueAt
    this.order = order
    this.onDue = onDue
    this.#keeper = keeper
  }

  cancel(): void {
    this.onDue = undefined
    this.#keeper.cancelled(this)
  }

  left(): number {
    return this.dueAt - this.#keeper.clock()
  }
}

function come(entry: Entry): void {
  const { onDue } = entry
  entry.onDue = undefined
  try {
    if (typeof onDue === 'function') onDue()
    else onDue?.due()
  } catch (error) {
    throwError(() => error).subscribe()
  }
}
