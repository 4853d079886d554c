import {
  AntiphonError,
  ApplicationError,
  exchange$,
  formatDecodeError,
  requests$,
  serve,
  type Codec,
  type ExchangeOptions,
  type Link,
  type ServeRecord,
} from '@antiphon/core'
import { decodeWith, encodeWith, fromUtf8, toUtf8 } from '@antiphon/core/codec'
import { isLeft } from 'fp-ts/lib/Either.js'
import { defer, firstValueFrom, map, throwError, type Observable } from 'rxjs'
import { rpcEndpoint } from './endpoints.js'
import type { Call } from './frames.js'

/** A method: its name, and the codecs of its parameters and result. */
export interface RpcMethod<Params, Result> {
  readonly name: string
  /** A JSON codec of the parameters, such as `json(schema)`. */
  readonly params: Codec<Params>
  /** A JSON codec of the result. */
  readonly result: Codec<Result>
}

/** Options of a call. */
export type CallOptions = Omit<ExchangeOptions, 'responseTopic' | 'credit' | 'totalTimeout'>

/** Carries out a method: emits its result, or fails with an `ApplicationError` whose message is the `error` of the response. */
export type MethodHandler = (params: unknown) => Observable<unknown>

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
  method: RpcMethod<Params, Result>,
  params: Params,
  options: CallOptions = {},
): Observable<Result> {
  return defer(() => exchange$(link, rpcEndpoint, toCall(method, params), options)).pipe(
    map((result) => toResult(method, result)),
  )
}

/** Calls a method of the platform once; like `callPlatform$`. */
export function callPlatform<Params, Result>(
  link: Link,
  method: RpcMethod<Params, Result>,
  params: Params,
  options?: CallOptions,
): Promise<Result> {
  return firstValueFrom(callPlatform$(link, method, params, options))
}

/**
 * Serves the methods that the platform calls on a device, and emits a record of each call; ThingsBoard names this server-side
 * RPC. A call of another method is answered with an `error`.
 */
export function serveMethods$(
  link: Link,
  methods: Readonly<Record<string, MethodHandler>>,
): Observable<ServeRecord> {
  return requests$(link, rpcEndpoint).pipe(serve(({ value }) => handleCall(methods, value)))
}

/** Runs the handler of a call. */
export function handleCall(
  methods: Readonly<Record<string, MethodHandler>>,
  { method, params }: Call,
): Observable<unknown> {
  const handler = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (handler !== undefined) return defer(() => handler(params))
  return throwError(
    () => new ApplicationError({ code: 'unknown-method', message: `No handler for ${method}` }),
  )
}

/** Returns a call as it is on the wire; throws `encode` if the parameters do not encode. */
export function toCall<Params>(
  { name, params: codec }: Pick<RpcMethod<Params, unknown>, 'name' | 'params'>,
  params: Params,
): Call {
  const encoded = encodeWith(codec, params)
  if (isLeft(encoded)) throw encoded.left
  return { method: name, params: JSON.parse(fromUtf8(encoded.right)) as unknown }
}

/** Returns the result of a call; throws `decode` if it does not decode. */
export function toResult<Result>(
  { name, result: codec }: Pick<RpcMethod<never, Result>, 'name' | 'result'>,
  result: unknown,
): Result {
  const decoded = decodeWith(codec, toUtf8(JSON.stringify(result)))
  if (isLeft(decoded)) throw new AntiphonError('decode', `${name}: ${formatDecodeError(decoded.left)}`)
  return decoded.right
}
