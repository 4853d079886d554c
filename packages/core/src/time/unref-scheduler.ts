import { asyncScheduler, type SchedulerAction, type SchedulerLike } from 'rxjs'

/** A handle of Node's timers, which the action of a scheduler has while it waits. */
interface ActionWithHandle {
  readonly id?: { readonly unref?: () => void } | number
}

/**
 * The `asyncScheduler` of RxJS with timers that do not keep a process of Node alive; elsewhere the same as `asyncScheduler`.
 */
export const unrefScheduler: SchedulerLike = {
  // The same function, by which the library recognises the time of day.
  now: asyncScheduler.now,
  schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T) =>
    unreferenced(
      asyncScheduler.schedule(
        function (this: SchedulerAction<T>, current?: T) {
          work.call(this, current)
          // The work may have scheduled itself again, with another timer.
          unreferenced(this)
        },
        delay,
        state,
      ),
    ),
}

function unreferenced<A extends object>(action: A): A {
  const { id } = action as ActionWithHandle
  if (typeof id === 'object') id.unref?.()
  return action
}
