import type { EndpointTypes } from '../endpoint.js'
import type { Message } from '../message.js'
import type { Served } from './served.js'

/** Where a request keeps what `serve` needs to answer it; survives being spread into another object. */
export const inHand: unique symbol = Symbol('antiphon.served')

/** A request as the handler sees it. */
export interface ServedRequest<T extends EndpointTypes = EndpointTypes> {
  readonly value: T['request']
  /** The topic's parameters. */
  readonly params: T['params']
  /** The name of its endpoint. */
  readonly endpoint: string
  /** The message as it arrived. */
  readonly message: Message
  /** When the caller stops waiting, on the link's clock; `Infinity` when it did not say. */
  readonly expiresAt: number
  /** When it arrived, on the link's clock. */
  readonly receivedAt: number
  /** For `serve` alone. */
  readonly [inHand]: unknown
}

/** What a request is made from. */
export type ServedRequestParts<T extends EndpointTypes> = Omit<
  ServedRequest<T>,
  'expiresAt' | typeof inHand
> & { readonly served: Served }

/** A class, as `HeldDelivery` is. */
class RequestInHand<T extends EndpointTypes> implements ServedRequest<T> {
  readonly value: T['request']
  readonly params: T['params']
  readonly endpoint: string
  readonly message: Message
  readonly expiresAt: number
  readonly receivedAt: number
  readonly [inHand]: unknown

  constructor({ value, params, endpoint, message, receivedAt, served }: ServedRequestParts<T>) {
    this.value = value
    this.params = params
    this.endpoint = endpoint
    this.message = message
    this.expiresAt = served.expiresAt
    this.receivedAt = receivedAt
    this[inHand] = served
  }
}

/** A request on its way to the handler. */
export function toServedRequest<T extends EndpointTypes>(parts: ServedRequestParts<T>): ServedRequest<T> {
  return new RequestInHand(parts)
}

/** What `requests$` put into a request for `serve` to answer it by. */
export function servedOf<T extends EndpointTypes>(request: ServedRequest<T>): Served {
  return request[inHand] as Served
}
