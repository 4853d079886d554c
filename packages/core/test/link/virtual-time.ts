import { VirtualTimeScheduler } from 'rxjs'

/** A virtual clock that the test advances. */
export interface VirtualTime {
  readonly scheduler: VirtualTimeScheduler
  /** Runs the actions that are due in the next `milliseconds`. */
  readonly advance: (milliseconds: number) => void
  /** The number of scheduled actions. */
  readonly timers: () => number
}

export function virtualTime(): VirtualTime {
  const scheduler = new VirtualTimeScheduler(undefined, 0)
  return {
    scheduler,
    advance: (milliseconds) => {
      scheduler.maxFrames = scheduler.frame + milliseconds
      scheduler.flush()
      scheduler.frame = scheduler.maxFrames
    },
    timers: () => scheduler.actions.length,
  }
}
