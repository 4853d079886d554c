import {
  ApplicationError,
  requests$,
  serve,
  type Link,
  type ServeOptions,
  type ServeRecord,
  type UserProperties,
} from '@antiphon/core'
import { throwError, type Observable, type ObservableInput } from 'rxjs'
import { methodEndpoint } from './method-endpoint.js'
import { methodLink } from './method-link.js'

/** A call of a method, as its handler sees it. */
export interface MethodCall {
  readonly name: string
  /** What the payload says as JSON; `undefined` for an empty one. */
  readonly value: unknown
  /** What stands beside the request's id in the topic. */
  readonly properties: UserProperties
}

/** Carries a method out: gives what to answer. An `ApplicationError` with a code of three digits is answered with that. */
export type MethodHandler = (call: MethodCall) => ObservableInput<unknown>

/**
 * Answers direct methods, `$az/iot/methods/<name>/?rid=…`, at QoS 0: with 200 and what the handler gives, with 404 a name
 * that is not among the methods, with 400 a payload that is no JSON, with 500 where the handler fails.
 *
 * - *next*: a record of each call when it is over. *complete, error, unsubscribe*: as `serve` over `requests$`.
 */
export function serveMethods(
  link: Link,
  methods: Readonly<Record<string, MethodHandler>>,
  options: ServeOptions = {},
): Observable<ServeRecord> {
  return requests$(methodLink(link), methodEndpoint, { qos: 0 }).pipe(
    serve(({ value, params: { name }, message }) => {
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined
      if (method !== undefined) return method({ name, value, properties: message.userProperties ?? [] })
      return throwError(() => new ApplicationError({ code: '404', message: `there is no method ${name}` }))
    }, options),
  )
}
