import type { ObservableInput } from 'rxjs'
import type { EndpointTypes } from '../endpoint-types.js'
import type { ItemStream } from '../stream/item-stream.js'
import type { ReceivedRequest } from './received-request.js'
import type { ResponseWithProperties } from './with-properties.js'

/**
 * Handles a request.
 *
 * For a single response it returns the response, or an Observable, a Promise, an iterable or an async iterable of it. For
 * many responses it returns an Observable, an iterable or an async iterable of them, or a Promise of one. Any response may be
 * one of `withProperties`.
 */
export type Handler<T extends EndpointTypes> = (request: ReceivedRequest<T>) => HandlerResult<T>

/** What a handler of an endpoint returns. */
export type HandlerResult<T extends EndpointTypes> = T['kind'] extends 'many'
  ? ResponseStream<T['responseInput'] | ResponseWithProperties<T['responseInput']>>
  : | ObservableInput<T['responseInput'] | ResponseWithProperties<T['responseInput']>>
    | PlainResponse<T['responseInput']>
    | ResponseWithProperties<T['responseInput']>

/** The stream of a handler of many responses. A string is no stream of its characters. */
export type ResponseStream<Response> = ItemStream<Response>

/** A response that a handler may return as it is. Arrays and other iterables would be read as streams of responses. */
export type PlainResponse<Response> = Response extends ArrayBufferView | string
  ? Response
  : Response extends AsyncIterable<unknown> | Iterable<unknown> | PromiseLike<unknown>
    ? never
    : Response
