import { VirtualTimeScheduler, type SchedulerLike } from 'rxjs'

/** A clock that advances from timer to timer while a case waits. */
export interface VirtualClock {
  readonly scheduler: SchedulerLike
  /** Runs timers until the condition holds. Returns whether it does before `limit` milliseconds have passed. */
  readonly runUntil: (isReached: () => boolean, limit: number) => boolean
  /** Advances by a duration and runs the timers that are due. */
  readonly advance: (milliseconds: number) => void
  /** While frozen, no time passes. */
  isFrozen: boolean
}

/** The start of all cases, so that timestamps have realistic values. */
const START = Date.UTC(2025, 0, 1)

/** Returns a clock on virtual time. */
export function virtualClock(): VirtualClock {
  const virtual = new VirtualTimeScheduler()
  virtual.maxFrames = 0
  virtual.now = () => START + virtual.frame
  const runTo = (frame: number): void => {
    virtual.maxFrames = frame
    virtual.flush()
  }
  const step = (end: number): boolean => {
    const due = Math.min(...virtual.actions.filter((action) => !action.closed).map(({ delay }) => delay))
    if (!(due <= end)) return false
    runTo(due)
    return true
  }
  const clock: VirtualClock = {
    scheduler: virtual,
    isFrozen: false,
    runUntil: (isReached, limit) => {
      const end = virtual.frame + (clock.isFrozen ? 0 : limit)
      while (!isReached()) if (!step(end)) return false
      return true
    },
    advance: (milliseconds) => {
      if (clock.isFrozen) return
      virtual.schedule(() => undefined, milliseconds)
      runTo(virtual.frame + milliseconds)
    },
  }
  return clock
}
