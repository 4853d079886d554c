/** How a request ended in the responder. */
export type ServeOutcome =
  /** The broker accepted the handler's response. */
  | 'responded'
  /** The handler failed, and the failure was sent to the requester. */
  | 'failed'
  /** The handler exceeded `handlerTimeout`, and 408 was sent to the requester. */
  | 'timed-out'
  /** The request's expiry passed: without a response or, in a stream, without an item sent or credit received. */
  | 'expired'
  /** The requester cancelled the request, or no longer subscribes to the response topic. */
  | 'cancelled'
  /**
   * The queue was full, or the responder was draining. `status` is absent if no status could be sent. The broker then
   * still holds the request, unless it was sent at QoS 0 or acknowledged on receipt.
   */
  | 'busy'
  /** The response could not be sent. */
  | 'unsent'

/** Counts of an endpoint's requests so far, by outcome. */
export interface ResponderStats extends Readonly<Record<ServeOutcome, number>> {
  /** Requests that `requests$` emitted. */
  readonly received: number
  /** Messages on the request topic that are not emitted; `ignoredRequests$` gives the reason of each. */
  readonly ignored: number
}

/** The counts as the responder updates them. */
export type MutableResponderStats = { -readonly [Name in keyof ResponderStats]: ResponderStats[Name] }

/** Returns counts of zero. */
export function newResponderStats(): MutableResponderStats {
  const outcomes = { responded: 0, failed: 0, 'timed-out': 0, expired: 0, cancelled: 0, busy: 0, unsent: 0 }
  return { received: 0, ignored: 0, ...outcomes }
}
