import { deadlines, type Deadlines } from '@antiphon/core/link'
import { Subscription, type SchedulerLike } from 'rxjs'

/** Deadlines that are called when `runDue` is, if they are due by then. */
export interface ExpiryDeadlines extends Deadlines {
  readonly runDue: () => void
}

/**
 * Returns deadlines that schedule nothing: an idle broker has no timer, so that `flush()` of a virtual scheduler does not
 * advance the clock to the expiry of its sessions.
 */
export function expiryDeadlines(scheduler: SchedulerLike): ExpiryDeadlines {
  const now = (): number => scheduler.now()
  let next: { readonly dueAt: number; readonly run: () => void } | undefined
  const schedule = (work: () => void, delay = 0): Subscription => {
    const scheduled = { dueAt: now() + delay, run: work }
    next = scheduled
    return new Subscription(() => {
      if (next === scheduled) next = undefined
    })
  }
  return Object.assign(deadlines({ now, schedule } as SchedulerLike), {
    runDue: () => {
      while (next !== undefined && next.dueAt <= now()) {
        const { run } = next
        next = undefined
        run()
      }
    },
  })
}
