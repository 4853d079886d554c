import type { ScriptedFault } from '@antiphon/testing'
import type { ExchangeEvent } from '@antiphon/core/events'

/** What the worker runs. */
export interface RunRequest {
  readonly source: string
  /** Milliseconds that a packet takes in each direction. */
  readonly latency: number
  readonly faults: readonly ScriptedFault[]
}

/**
 * Why a run has ended: the program has, or it awaits what can never happen (`waiting`) or has not happened in the time, or there
 * were too many timers.
 */
export type RunEnd = 'done' | 'waiting' | 'time' | 'steps'

/** What the worker reports. Times are virtual milliseconds since the start. */
export type RunReport =
  /** The worker is not stuck: sent at the start, and from time to time while timers run. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'line'; readonly at: number; readonly text: string }
  /** An error that the program has not caught, with the line of the program if it is known. */
  | { readonly kind: 'error'; readonly at: number; readonly text: string; readonly line?: number }
  | { readonly kind: 'event'; readonly event: ExchangeEvent }
  | { readonly kind: 'end'; readonly end: RunEnd }
