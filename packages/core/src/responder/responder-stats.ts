import type { ServeOutcome } from './outcome.js'

/** How the requests of an endpoint went so far, by what became of those that `serve` took up. */
export interface ResponderStats extends Readonly<Record<ServeOutcome, number>> {
  /** Requests given to `serve`. */
  readonly received: number
  /** Messages that no handler was given; `refusals$` tells why. */
  readonly ignored: number
}

/** Counts to be kept up to date by the door of the responder. */
export type MutableResponderStats = { -readonly [Name in keyof ResponderStats]: ResponderStats[Name] }

/** Nothing has come yet. */
export function newResponderStats(): MutableResponderStats {
  const outcomes = { responded: 0, failed: 0, 'timed-out': 0, expired: 0, cancelled: 0, busy: 0, unsent: 0 }
  return { received: 0, ignored: 0, ...outcomes }
}
