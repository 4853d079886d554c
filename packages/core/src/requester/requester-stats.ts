/** How the exchanges of an endpoint went so far. */
export interface RequesterStats {
  /** Questions taken on. */
  readonly requested: number
  /** Open now. */
  readonly pending: number
  readonly responded: number
  /** Ended by an error other than the two below. */
  readonly failed: number
  readonly timedOut: number
  readonly cancelled: number
  /** Questions sent again. */
  readonly retried: number
}

/** Counts to be kept up to date by whoever owns them. */
export type MutableRequesterStats = { -readonly [Name in keyof RequesterStats]: RequesterStats[Name] }

/** Nothing has happened yet. */
export function newRequesterStats(): MutableRequesterStats {
  return { requested: 0, pending: 0, responded: 0, failed: 0, timedOut: 0, cancelled: 0, retried: 0 }
}
