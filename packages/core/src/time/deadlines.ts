import type { SchedulerLike, Subscription } from 'rxjs'

/** Something due at a time; cancelled, it never comes. */
export interface Deadline {
  readonly cancel: () => void
}

/** Any number of deadlines on one scheduled action. */
export interface Deadlines {
  /** Calls `onDue` in `dueIn` milliseconds. */
  readonly add: (dueIn: number, onDue: () => void) => Deadline
  /** Drops all that are pending. */
  readonly clear: () => void
  /** How many are pending. */
  readonly size: number
}

interface Entry extends Deadline {
  readonly dueAt: number
  readonly onDue: () => void
}

/** The longest delay a timer takes. */
const LONGEST_DELAY = 2 ** 31 - 1

/** A queue of deadlines on a scheduler. */
export function deadlines(scheduler: SchedulerLike): Deadlines {
  const pending = new Set<Entry>()
  let armed: { readonly at: number; readonly action: Subscription } | undefined

  const disarm = (): void => {
    armed?.action.unsubscribe()
    armed = undefined
  }
  const arm = (): void => {
    let first = Infinity
    for (const { dueAt } of pending) first = Math.min(first, dueAt)
    if (armed?.at === first) return
    disarm()
    if (first === Infinity) return
    const delay = Math.min(Math.max(0, first - scheduler.now()), LONGEST_DELAY)
    armed = { at: first, action: scheduler.schedule(fire, delay) }
  }
  const fire = (): void => {
    armed = undefined
    const now = scheduler.now()
    const due = [...pending].filter((entry) => entry.dueAt <= now).sort((a, b) => a.dueAt - b.dueAt)
    for (const entry of due) if (pending.delete(entry)) entry.onDue()
    arm()
  }
  return {
    add: (dueIn, onDue) => {
      const entry: Entry = {
        dueAt: scheduler.now() + dueIn,
        onDue,
        cancel: () => {
          if (pending.delete(entry) && pending.size === 0) disarm()
        },
      }
      pending.add(entry)
      if (armed === undefined || entry.dueAt < armed.at) arm()
      return entry
    },
    clear: () => {
      pending.clear()
      disarm()
    },
    get size() {
      return pending.size
    },
  }
}
