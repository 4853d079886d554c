import { VirtualTimeScheduler } from 'rxjs'

/** A clock that stands still until it is told to go on. */
export interface VirtualTime {
  readonly scheduler: VirtualTimeScheduler
  /** Does what is due in the next `milliseconds`. */
  readonly advance: (milliseconds: number) => void
  /** How many timers are set. */
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
