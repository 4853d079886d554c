import {
  ApplicationError,
  exchange$,
  requests$,
  serve,
  type Endpoint,
  type ExchangeOptions,
  type JsonMethod,
  type Link,
  type ServeRecord,
} from '@antiphon/core'
import { decodeResult, encodeParams } from '@antiphon/core/codec'
import { defer, firstValueFrom, map, type Observable } from 'rxjs'
import { rpcEndpoint, type RpcTypes } from './endpoints.js'
import type { Call } from './frames.js'

/** Options of a call. */
export type CallOptions = Omit<ExchangeOptions, 'responseTopic' | 'credit' | 'totalTimeout'>

/** Carries out a method: emits its result, or fails with an `ApplicationError` whose message is the `error` of the response. */
export type MethodHandler = (params: unknown) => Observable<unknown>

/** Handlers by the name of their method. */
export type MethodHandlers = Readonly<Record<string, MethodHandler>>

/**
 * Calls a method of the platform when it is subscribed to; ThingsBoard names this client-side RPC.
 *
 * - *next*: the result.
 * - *error*: `status` with the text of the platform's `error` and the code 500; `timeout`; `encode` or `decode`.
 * - *unsubscribe*: forgets the call. The platform carries it out nevertheless.
 *
 * @example
 * ```ts
 * const time$ = callPlatform$(link, getCurrentTime, {})
 * ```
 */
export function callPlatform$<Params, Result>(
  link: Link,
  method: JsonMethod<Params, Result>,
  params: Params,
  options: CallOptions = {},
): Observable<Result> {
  return call$(link, rpcEndpoint, method, params, options)
}

/** Calls a method of the platform once; like `callPlatform$`. */
export function callPlatform<Params, Result>(
  link: Link,
  method: JsonMethod<Params, Result>,
  params: Params,
  options?: CallOptions,
): Promise<Result> {
  return firstValueFrom(callPlatform$(link, method, params, options))
}

/**
 * Serves the methods that the platform calls on a device, and emits a record of each call; ThingsBoard names this server-side
 * RPC. A call of another method is answered with an `error`.
 */
export function serveMethods$(link: Link, methods: MethodHandlers): Observable<ServeRecord> {
  return requests$(link, rpcEndpoint).pipe(serve(({ value }) => handleCall(methods, value)))
}

/** Runs the handler of a call. */
export function handleCall(methods: MethodHandlers, { method, params }: Call): Observable<unknown> {
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (handler !== undefined) return handler(params)
  throw new ApplicationError({ code: 'unknown-method', message: `No handler for ${method}` })
}

/** Calls a method at an endpoint of calls. */
export function call$<Params, Result>(
  link: Link,
  endpoint: Endpoint<RpcTypes>,
  method: JsonMethod<Params, Result>,
  params: Params,
  options: CallOptions,
): Observable<Result> {
  return defer(() => {
    const call = { method: method.name, params: encodeParams(method, params) }
    return exchange$(link, endpoint, call, options)
  }).pipe(map((result) => decodeResult(method, result)))
}
