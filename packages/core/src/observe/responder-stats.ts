import type { ServeOutcome } from './serve-record.js'

/** Counts of an endpoint's requests so far, by outcome. */
export interface ResponderStats extends Readonly<Record<ServeOutcome, number>> {
  /** Requests that `requests$` emitted. */
  readonly received: number
  /** Messages on the request topic that are not emitted; `ignoredRequests$` gives the reason of each. */
  readonly ignored: number
  /** Cached responses that `responseCache` had no room for before they expired; a duplicate of their requests is handled again. */
  readonly evicted: number
  /** Requests among `busy` that had waited until less time was left than a handler takes. */
  readonly shed: number
}

/** The counts as the responder updates them. */
export type MutableResponderStats = { -readonly [Name in keyof ResponderStats]: ResponderStats[Name] }

/** Returns counts of zero. */
export function newResponderStats(): MutableResponderStats {
  const outcomes = { responded: 0, failed: 0, 'timed-out': 0, expired: 0, cancelled: 0, busy: 0, unsent: 0 }
  return { received: 0, ignored: 0, evicted: 0, shed: 0, ...outcomes }
}
