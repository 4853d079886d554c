import type { ObservableInput } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import type { ReceivedRequest } from './received-request.js'

/** Handles a request; returns its response as an Observable, a Promise, an iterable or an async iterable. */
export type Handler<T extends EndpointTypes> = (
  request: ReceivedRequest<T>,
) => ObservableInput<T['responseInput']>
