import type { EndpointTypes } from '../endpoint.js'
import type { Link } from '../link/link.js'
import type { Message } from '../message.js'
import type { ServeOutcome } from './outcome.js'
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

/** What `serve` needs to answer a request. */
export interface InHand {
  readonly served: Served
  readonly link: Link
  readonly count: (outcome: ServeOutcome) => void
}

/** What `requests$` put into a request's hand-over. */
export function inHandOf<T extends EndpointTypes>(request: ServedRequest<T>): InHand {
  return request[inHand] as InHand
}
