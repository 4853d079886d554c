import type { ObservableInput } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import type { Ending } from './outcome.js'
import type { ServedRequest } from './served-request.js'

/** A request in, its answer out: as an Observable, a Promise, an iterable of either kind. */
export type Handler<T extends EndpointTypes> = (request: ServedRequest<T>) => ObservableInput<T['answered']>

/** One run of a handler. */
export interface HandlingParts<T extends EndpointTypes> {
  readonly handler: Handler<T>
  readonly request: ServedRequest<T>
  /** Milliseconds the handler may take. */
  readonly timeLimit: number
  /** Hears how it went, once. */
  readonly ended: (ending: Ending) => void
}
