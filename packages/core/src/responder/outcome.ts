import type { ServeOutcome } from '../observe/responder-stats.js'
import type { SendResult } from './request-context.js'

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
