import { VirtualTimeScheduler, type SchedulerLike } from 'rxjs'

/** A clock that advances from timer to timer while a case waits. */
export interface VirtualClock {
  readonly scheduler: SchedulerLike
  /** While frozen, no time passes. */
  isFrozen: boolean
  /** The milliseconds that have passed. */
  readonly elapsed: () => number
  /** Runs the timers that are due next, if that is until `end` and the clock is not frozen before. Returns whether it has. */
  readonly step: (end: number) => boolean
  /** Sets the clock to `end`; no timer is due until then. */
  readonly advanceTo: (end: number) => void
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
  const clock: VirtualClock = {
    scheduler: virtual,
    isFrozen: false,
    elapsed: () => virtual.frame,
    step: (end) => {
      const due = Math.min(...virtual.actions.filter((action) => !action.closed).map(({ delay }) => delay))
      if (!(due <= (clock.isFrozen ? virtual.frame : end))) return false
      runTo(due)
      return true
    },
    advanceTo: (end) => {
      if (clock.isFrozen) return
      virtual.schedule(() => undefined, end - virtual.frame)
      runTo(end)
    },
  }
  return clock
}
