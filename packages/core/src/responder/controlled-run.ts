import type { OutcomeDetails } from '../observe/serve-record.js'
import type { Failure } from '../protocol/status.js'

/** What handles a request, as seen by the requester's exchange control messages. */
export interface ControlledRun {
  /** Stops handling the request, because its requester cancelled it. */
  cancel(): void
  /** Raises the number of items that the requester accepts in all. */
  raiseCredit(total: number): void
  /** Stops handling the request and answers with a failure. */
  failWith(failure: Failure, outcome: OutcomeDetails): void
  /** The elapsed time at which the handler must have ended; `Infinity` without a limit. */
  readonly dueAt: number
}
