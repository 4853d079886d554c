import type { Endpoint } from './endpoint.js'
import type { EndpointTypes } from './endpoint-types.js'
import type { Message } from './message.js'
import { oncePer } from './once-per.js'

/** A response together with its message, for endpoints of `withMessage`. */
export interface ResponseWithMessage<Response> {
  readonly value: Response
  /** The message as it was received; of a response in chunks, with the whole payload. */
  readonly message: Message
}

/** The types of an endpoint whose requesters receive each response together with its message. */
export interface WithMessage<T extends EndpointTypes> extends EndpointTypes {
  readonly params: T['params']
  readonly responseParams: NonNullable<T['responseParams']>
  readonly createdParams: NonNullable<T['createdParams']> & string
  readonly requestInput: T['requestInput']
  readonly request: T['request']
  readonly responseInput: T['responseInput']
  readonly response: ResponseWithMessage<T['response']>
  readonly kind: T['kind']
}

const variantOf: (endpoint: Endpoint) => Endpoint = oncePer((endpoint) => ({
  ...endpoint,
  includesMessage: true,
}))

/**
 * Returns a variant of an endpoint for requesters: each response comes together with its message, for example to read User
 * Properties. It shares the counts of `requesterStats` with the endpoint.
 *
 * @example
 * ```ts
 * const { value, message } = await request(link, withMessage(temperature), 'Vienna')
 * ```
 */
export function withMessage<T extends EndpointTypes>(endpoint: Endpoint<T>): Endpoint<WithMessage<T>> {
  return variantOf(endpoint) as Endpoint<WithMessage<T>>
}
