import type { ServeOutcome } from './outcome.js'

/** How the requests of an endpoint went so far, by what became of those that `serve` took up. */
export interface ServedCounts extends Readonly<Record<ServeOutcome, number>> {
  /** Requests given to `serve`. */
  readonly received: number
  /** Messages that no handler was given; `refusals$` tells why. */
  readonly refused: number
}

/** Counts to be kept up to date by the door of the responder. */
export type ServedTally = { -readonly [Name in keyof ServedCounts]: ServedCounts[Name] }

/** Nothing has come yet. */
export function newServedTally(): ServedTally {
  const outcomes = { answered: 0, failed: 0, 'timed-out': 0, expired: 0, cancelled: 0, busy: 0, unsent: 0 }
  return { received: 0, refused: 0, ...outcomes }
}
