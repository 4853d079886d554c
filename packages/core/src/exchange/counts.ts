/** How the exchanges of an endpoint went so far. */
export interface ExchangeCounts {
  /** Questions taken on. */
  readonly asked: number
  /** Open now. */
  readonly pending: number
  readonly answered: number
  /** Ended by an error other than the two below. */
  readonly failed: number
  readonly timedOut: number
  readonly cancelled: number
  /** Questions sent again. */
  readonly retried: number
}

/** Counts to be kept up to date by whoever owns them. */
export type Tally = { -readonly [Name in keyof ExchangeCounts]: ExchangeCounts[Name] }

/** Nothing has happened yet. */
export function newTally(): Tally {
  return { asked: 0, pending: 0, answered: 0, failed: 0, timedOut: 0, cancelled: 0, retried: 0 }
}
