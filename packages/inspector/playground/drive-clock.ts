import type { VirtualClock } from './virtual-clock.js'

/** How far a run may go. */
export interface ClockLimits {
  /** Virtual milliseconds. */
  readonly time: number
  /** Timers that are run. */
  readonly steps: number
}

/** Why the clock has stopped: no timer is left, or a limit is reached. */
export type ClockStop = 'idle' | 'time' | 'steps'

/** What `driveClock` calls. */
export interface ClockHooks {
  /** Resolves when the promises that are settled have called their callbacks. */
  readonly settle: () => Promise<void>
  /** Receives what a timer throws; the other timers go on. */
  readonly onError: (error: unknown) => void
}

/** Runs the timers of a clock in their order. Before each of them, the callbacks of promises run. */
export async function driveClock(
  clock: VirtualClock,
  { time, steps }: ClockLimits,
  { settle, onError }: ClockHooks,
): Promise<ClockStop> {
  for (let step = 0; ; step++) {
    await settle()
    const { next } = clock
    if (next === undefined) return 'idle'
    if (next > time) return 'time'
    if (step === steps) return 'steps'
    try {
      clock.step()
    } catch (error) {
      onError(error)
    }
  }
}
