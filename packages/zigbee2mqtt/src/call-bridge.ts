import {
  AntiphonError,
  exchange$,
  formatDecodeError,
  type Codec,
  type ExchangeOptions,
  type Link,
} from '@antiphon/core'
import { decodeWith, encodeWith, fromUtf8, toUtf8, isJsonObject } from '@antiphon/core/codec'
import { isLeft } from 'fp-ts/lib/Either.js'
import { defer, firstValueFrom, map, type Observable } from 'rxjs'
import { bridgeEndpoint } from './bridge-endpoint.js'
import type { BaseTopicOptions } from './topics.js'

/** A request to the bridge: its name, such as `permit_join`, and the codecs of its parameters and of what it returns. */
export interface BridgeRequest<Params extends object, Data> {
  readonly name: string
  /** A JSON codec of the parameters, which are an object. */
  readonly params: Codec<Params>
  /** A JSON codec of the `data` in the response. */
  readonly data: Codec<Data>
}

/** Options of a request to the bridge or to a device. */
export interface CallOptions
  extends BaseTopicOptions, Omit<ExchangeOptions, 'responseTopic' | 'credit' | 'totalTimeout'> {}

/**
 * Sends a request to the bridge when it is subscribed to.
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
  request: BridgeRequest<Params, Data>,
  params: Params,
  { baseTopic, ...options }: CallOptions = {},
): Observable<Data> {
  return defer(() => {
    const argument = { params: { name: request.name }, value: toFields(request, params) }
    return exchange$(link, bridgeEndpoint(baseTopic), argument, options)
  }).pipe(map(({ data }) => toResult(request, data)))
}

/** Sends a request to the bridge once; like `callBridge$`. */
export function callBridge<Params extends object, Data>(
  link: Link,
  request: BridgeRequest<Params, Data>,
  params: Params,
  options?: CallOptions,
): Promise<Data> {
  return firstValueFrom(callBridge$(link, request, params, options))
}

function toFields<Params extends object>(
  { name, params: codec }: Pick<BridgeRequest<Params, unknown>, 'name' | 'params'>,
  params: Params,
): Record<string, unknown> {
  const encoded = encodeWith(codec, params)
  if (isLeft(encoded)) throw encoded.left
  const fields = JSON.parse(fromUtf8(encoded.right)) as unknown
  if (isJsonObject(fields)) return fields
  throw new AntiphonError('encode', `cannot encode the parameters of ${name}: they must be an object`)
}

function toResult<Data>(
  { name, data: codec }: Pick<BridgeRequest<never, Data>, 'name' | 'data'>,
  data: unknown,
): Data {
  const decoded = decodeWith(codec, toUtf8(JSON.stringify(data ?? null)))
  if (isLeft(decoded)) throw new AntiphonError('decode', `${name}: ${formatDecodeError(decoded.left)}`)
  return decoded.right
}
