import type { SendResult } from './request-context.js'

/** How an exchange ended, seen from the responder. */
export type ServeOutcome =
  /** The handler's answer reached the broker. */
  | 'responded'
  /** The handler failed, and the caller was told. */
  | 'failed'
  /** The handler ran out of its own time, and the caller was told. */
  | 'timed-out'
  /** The caller's time ran out before there was an answer; nobody was told. */
  | 'expired'
  /** The caller gave up. */
  | 'cancelled'
  /**
   * There was no room, or the responder was draining. The caller was told; where there is no `status` it could not be, and
   * the broker still has the request, unless it came at QoS 0 or was acknowledged on receipt.
   */
  | 'busy'
  /** The reply did not reach the broker. */
  | 'unsent'

/** How it ended, and why. */
export interface OutcomeDetails {
  readonly outcome: ServeOutcome
  /** The status the caller was told. */
  readonly status?: number
  /** What the handler threw, or why the reply did not go out. */
  readonly error?: unknown
}

/** How it really ended, in view of what became of the reply. */
export function outcomeAfterSend(wanted: OutcomeDetails, sent: SendResult): OutcomeDetails {
  switch (sent.kind) {
    case 'sent':
      return wanted
    case 'fallback-sent':
      return { outcome: 'failed', status: sent.status, error: wanted.error ?? sent.error }
    case 'unsent':
      return { outcome: 'unsent', error: sent.error }
  }
}
