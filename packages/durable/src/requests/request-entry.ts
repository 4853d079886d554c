import type { Deadline } from '@antiphon/core/link'
import type { Subscription } from 'rxjs'
import type { StoredRequest } from './stored-request.js'

/** A stored request without an outcome. */
export interface RequestEntry {
  readonly request: StoredRequest
  /** Ends the wait for the start of its exchange; `undefined` from then on. */
  timer: Deadline | undefined
  /** The exchange; `undefined` until it is started. */
  exchange: Subscription | undefined
  /** Whether it has an outcome that is being written, or was cancelled. */
  hasEnded: boolean
}
