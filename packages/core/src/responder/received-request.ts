import type { EndpointTypes } from '../endpoint.js'
import type { Message } from '../message.js'
import type { RequestContext } from './request-context.js'

/** Where a request keeps what `serve` needs to answer it; survives being spread into another object. */
export const requestContext: unique symbol = Symbol('antiphon.served')

/** A request as the handler sees it. */
export interface ReceivedRequest<T extends EndpointTypes = EndpointTypes> {
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
  readonly [requestContext]: unknown
}

/** What a request is made from. */
export type ReceivedRequestParts<T extends EndpointTypes> = Omit<
  ReceivedRequest<T>,
  'expiresAt' | typeof requestContext
> & { readonly context: RequestContext }

/** A class, as `HeldDelivery` is. */
class RequestWithContext<T extends EndpointTypes> implements ReceivedRequest<T> {
  readonly value: T['request']
  readonly params: T['params']
  readonly endpoint: string
  readonly message: Message
  readonly expiresAt: number
  readonly receivedAt: number
  readonly [requestContext]: unknown

  constructor({ value, params, endpoint, message, receivedAt, context }: ReceivedRequestParts<T>) {
    this.value = value
    this.params = params
    this.endpoint = endpoint
    this.message = message
    this.expiresAt = context.expiresAt
    this.receivedAt = receivedAt
    this[requestContext] = context
  }
}

/** A request on its way to the handler. */
export function toReceivedRequest<T extends EndpointTypes>(
  parts: ReceivedRequestParts<T>,
): ReceivedRequest<T> {
  return new RequestWithContext(parts)
}

/** What `requests$` put into a request for `serve` to answer it by. */
export function contextOf<T extends EndpointTypes>(request: ReceivedRequest<T>): RequestContext {
  return request[requestContext] as RequestContext
}
