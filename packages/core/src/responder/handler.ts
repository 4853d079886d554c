import type { ObservableInput } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import type { OutcomeDetails } from './outcome.js'
import type { ReceivedRequest } from './received-request.js'

/** A request in, its answer out: as an Observable, a Promise, an iterable of either kind. */
export type Handler<T extends EndpointTypes> = (
  request: ReceivedRequest<T>,
) => ObservableInput<T['responseInput']>

/** One run of a handler. */
export interface HandlerRunOptions<T extends EndpointTypes> {
  readonly handler: Handler<T>
  readonly request: ReceivedRequest<T>
  /** Milliseconds the handler may take. */
  readonly handlerTimeout: number
  /** Hears how it went, once. */
  readonly onEnd: (outcome: OutcomeDetails) => void
}
