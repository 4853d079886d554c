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

/** An invocation of a method, as passed to its handler. */
export interface MethodCall {
  readonly name: string
  /** The JSON payload; `undefined` for an empty one. */
  readonly value: unknown
  /** The properties in the topic, without the request id. */
  readonly properties: UserProperties
}

/** Runs a method and returns the response. An `ApplicationError` with a three-digit code sets the status to that code. */
export type MethodHandler = (call: MethodCall) => ObservableInput<unknown>

/**
 * Serves direct methods, `$az/iot/methods/<name>/?rid=…`, at QoS 0. It answers with status 200 and the handler's value,
 * 404 for a name that is not in `methods`, 400 for a payload that is not JSON, and 500 if the handler fails.
 *
 * - *next*: a record of each invocation when it has ended. *complete, error, unsubscribe*: as `serve` over `requests$`.
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
