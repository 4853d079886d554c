import type { ObservableInput } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import type { OutcomeDetails } from './outcome.js'
import type { ReceivedRequest } from './received-request.js'

/** Handles a request; returns its response as an Observable, a Promise, an iterable or an async iterable. */
export type Handler<T extends EndpointTypes> = (
  request: ReceivedRequest<T>,
) => ObservableInput<T['responseInput']>

/** What one run of a handler needs. */
export interface HandlerRunOptions<T extends EndpointTypes> {
  readonly handler: Handler<T>
  readonly request: ReceivedRequest<T>
  /** Milliseconds the handler may take. */
  readonly handlerTimeout: number
  /** Called once when the run has ended and its response is sent. */
  readonly onEnd: (outcome: OutcomeDetails) => void
}
