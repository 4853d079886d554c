import type { Codec, Endpoint } from '@antiphon/core'
import { EMPTY, filter, isObservable, of, type Observable } from 'rxjs'

/** How messages look on MQTT. */
export interface Wire {
  /** Creates the endpoint of a pattern, given the template of its topic. */
  readonly endpoint: (pattern: string, template: string) => Endpoint
  /** The codec of events. */
  readonly events: Codec<unknown>
  /** Returns what is sent as a request or as an event. */
  readonly toSent: (pattern: string, data: unknown) => unknown
  /** Returns the data of a received request or event. */
  readonly dataOf: (received: unknown) => unknown
  /** Returns the responses that carry the result of a handler: a value, or a stream of values. */
  readonly toResponses: (result: unknown) => Observable<unknown>
  /** Returns the value in a response, if it has one. */
  readonly valuesOf: (response: unknown) => readonly unknown[]
}

/** Emits the values of a handler's result. `undefined` is left out, because JSON has no such value. */
export function valuesOfResult(result: unknown): Observable<unknown> {
  if (isObservable(result)) return result.pipe(filter((value) => value !== undefined))
  return result === undefined ? EMPTY : of(result)
}

/** How a handler whose pattern is an endpoint gets requests and responds. */
export const endpointWire: Pick<Wire, 'dataOf' | 'toResponses'> = {
  dataOf: (received) => received,
  toResponses: valuesOfResult,
}
