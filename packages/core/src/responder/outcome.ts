import type { SendResult } from './request-context.js'

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

/** How a request ended, and why. */
export interface OutcomeDetails {
  readonly outcome: ServeOutcome
  /** The status sent to the requester. */
  readonly status?: number
  /** What the handler threw, or why the response was not sent. */
  readonly error?: unknown
}

/** Returns the outcome of a request once the result of sending its response is known. */
export function outcomeAfterSend(intended: OutcomeDetails, result: SendResult): OutcomeDetails {
  switch (result.kind) {
    case 'sent':
      return intended
    case 'fallback-sent':
      return { outcome: 'failed', status: result.status, error: intended.error ?? result.error }
    case 'unsent':
      return { outcome: 'unsent', error: result.error }
  }
}
