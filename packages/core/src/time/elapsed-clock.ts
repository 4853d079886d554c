import { asyncScheduler, type SchedulerLike } from 'rxjs'

/** Returns the elapsed milliseconds since an arbitrary origin. `reached` is a time that has certainly passed. */
export type ElapsedClock = (reached?: number) => number

/** A system clock reads more, a virtual clock less: it starts at 0. */
const longestVirtualTime = 1e9

/**
 * Creates a clock that never goes back and on which a timer of the scheduler never fires early.
 *
 * The clock of `asyncScheduler` is the time of day, which a user or NTP may set, so `performance.now()` replaces it. Of
 * any other scheduler it is the sum of the forward steps of its clock.
 */
export function elapsedClock(scheduler: SchedulerLike): ElapsedClock {
  const read = monotonicRead(scheduler) ?? (() => scheduler.now())
  let latest = read()
  let setBack = 0
  let latestReached = -Infinity
  return (reached = -Infinity) => {
    const time = read()
    if (time < latest) setBack = Math.max(reached, latest + setBack) - time
    latest = time
    if (reached > latestReached) latestReached = reached
    return Math.max(time + setBack, latestReached)
  }
}

function monotonicRead(scheduler: SchedulerLike): (() => number) | undefined {
  // All real-time schedulers of RxJS share one `now`. `TestScheduler.run` makes it read virtual time.
  const isTimeOfDay = scheduler.now === asyncScheduler.now && scheduler.now() > longestVirtualTime
  // eslint-disable-next-line no-restricted-globals -- the only clock of a browser and Node that is never set
  return isTimeOfDay ? () => performance.now() : undefined
}
