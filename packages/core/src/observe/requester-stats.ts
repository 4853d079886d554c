/** The counts of an endpoint's exchanges. */
export interface RequesterStats {
  /** Requests accepted, whether sent or not. */
  readonly requested: number
  /** Requests not settled yet. */
  readonly pending: number
  readonly responded: number
  /** Requests that failed, other than by timeout. */
  readonly failed: number
  readonly timedOut: number
  readonly cancelled: number
  /** Retries sent. */
  readonly retried: number
}

/** The counts as `PendingRequests` updates them. */
export type MutableRequesterStats = { -readonly [Name in keyof RequesterStats]: RequesterStats[Name] }

/** Returns counts that are all 0. */
export function newRequesterStats(): MutableRequesterStats {
  return { requested: 0, pending: 0, responded: 0, failed: 0, timedOut: 0, cancelled: 0, retried: 0 }
}
