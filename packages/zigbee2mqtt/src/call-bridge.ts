import { AntiphonError, exchange$, type ExchangeOptions, type JsonMethod, type Link } from '@antiphon/core'
import { decodeResult, encodeParams, isJsonObject } from '@antiphon/core/codec'
import { defer, firstValueFrom, map, type Observable } from 'rxjs'
import { bridgeEndpoint, type BaseTopicOptions } from './bridge-endpoint.js'

/** Options of a request to the bridge or to a device. */
export interface CallOptions
  extends BaseTopicOptions, Omit<ExchangeOptions, 'responseTopic' | 'credit' | 'totalTimeout'> {}

/**
 * Sends a request to the bridge when it is subscribed to. Its name is one such as `permit_join`, its parameters are an object, and
 * its result is the `data` of the response.
 *
 * - *next*: the data of the response.
 * - *error*: `status` with the text of the bridge's error and the code 500; `timeout`; `encode` or `decode`.
 * - *unsubscribe*: forgets the request. The bridge carries it out nevertheless.
 *
 * @example
 * ```ts
 * const joined$ = callBridge$(link, permitJoin, { time: 60 })
 * ```
 */
export function callBridge$<Params extends object, Data>(
  link: Link,
  request: JsonMethod<Params, Data>,
  params: Params,
  { baseTopic, ...options }: CallOptions = {},
): Observable<Data> {
  return defer(() => {
    const value = encodeParams(request, params)
    if (!isJsonObject(value))
      throw new AntiphonError('encode', `the parameters of ${request.name} must be an object`)
    return exchange$(link, bridgeEndpoint(baseTopic), { params: { name: request.name }, value }, options)
  }).pipe(map(({ data }) => decodeResult(request, data)))
}

/** Sends a request to the bridge once; like `callBridge$`. */
export function callBridge<Params extends object, Data>(
  link: Link,
  request: JsonMethod<Params, Data>,
  params: Params,
  options?: CallOptions,
): Promise<Data> {
  return firstValueFrom(callBridge$(link, request, params, options))
}
