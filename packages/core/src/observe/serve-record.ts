import type { EndpointTypes } from '../endpoint-types.js'
import type { Message } from '../message.js'

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
   * The queue was full, the request had waited too long to be handled in time, or the responder was draining. `status` is absent if no status could be sent. The broker then
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
  /** The handler emitted another response, which was not sent: its endpoint has a single response. */
  readonly hasUnsentResponse?: true
  /** What the handler threw, or why the response was not sent. */
  readonly error?: unknown
}

/** How one request was served. Times are milliseconds on the link's clock. */
export interface ServeRecord<T extends EndpointTypes = EndpointTypes> extends OutcomeDetails {
  readonly endpoint: string
  readonly params: T['params']
  readonly request: Message
  readonly outcome: ServeOutcome
  readonly receivedAt: number
  /** When the handler started; absent if it did not. */
  readonly startedAt?: number
  readonly endedAt: number
}
