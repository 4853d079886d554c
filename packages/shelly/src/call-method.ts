import { exchange$, type ExchangeOptions, type JsonMethod, type Link } from '@antiphon/core'
import { decodeResult, encodeParams } from '@antiphon/core/codec'
import { defer, firstValueFrom, map, type Observable } from 'rxjs'
import { shellyRpc } from './rpc.js'

/** Whose method is called, and by whom. */
export interface CallOptions extends Omit<ExchangeOptions, 'responseTopic' | 'credit' | 'totalTimeout'> {
  /** The topic prefix of the device, by default its id, such as `shellyplus1-a8032abe54dc`. */
  readonly device: string
  /** The name of the requester; responses arrive on `<source>/rpc`. */
  readonly source: string
}

/**
 * Calls a method of a device when it is subscribed to.
 *
 * - *next*: the result.
 * - *error*: `status` with the code of the device's error; `timeout`, also if the device is offline; `decode`.
 * - *unsubscribe*: forgets the call. The device carries it out nevertheless.
 *
 * @example
 * ```ts
 * const toggle$ = callMethod$(link, switchToggle, { id: 0 }, { device: 'shellyplus1-a8032abe54dc', source: 'hub' })
 * ```
 */
export function callMethod$<Params, Result>(
  link: Link,
  method: JsonMethod<Params, Result>,
  params: Params,
  { device, source, ...options }: CallOptions,
): Observable<Result> {
  return defer(() => {
    const value = { method: method.name, params: encodeParams(method, params) }
    const responseTopic = `${source}/rpc`
    return exchange$(link, shellyRpc, { params: { device }, value }, { ...options, responseTopic })
    // An outcome with an error has failed the exchange.
  }).pipe(map((outcome) => decodeResult(method, (outcome as { readonly result: unknown }).result)))
}

/** Calls a method once; like `callMethod$`. */
export function callMethod<Params, Result>(
  link: Link,
  method: JsonMethod<Params, Result>,
  params: Params,
  options: CallOptions,
): Promise<Result> {
  return firstValueFrom(callMethod$(link, method, params, options))
}
