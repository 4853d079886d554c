import { Observable } from 'rxjs'
import { invalidArgument, requireArgument } from './argument.js'
import type { Endpoint } from './endpoint.js'
import type { EndpointTypes, RequestParams } from './endpoint-types.js'
import type { Link } from './link/link.js'
import type { OptionRules } from './option-rules.js'
import { KeptSubscription } from './requester/kept-subscription.js'
import { isSharedFilter, validateTopicFilter } from './topic/topic-filter.js'

/** Options of `responseSubscription$`. */
export interface ResponseSubscriptionOptions<T extends EndpointTypes> {
  /** The topic parameters, if the endpoint's response topic has any. */
  readonly params?: RequestParams<T>
  /** The response topic of the requests, if the endpoint has none of its own. @defaultValue `response/<clientId>` */
  readonly responseTopic?: string
}

const optionRules: OptionRules<ResponseSubscriptionOptions<EndpointTypes>> = {
  params: 'object',
  responseTopic: (value) => {
    if (typeof value !== 'string') return 'it must be a string'
    return isSharedFilter(value) ? 'it must not be a shared subscription' : validateTopicFilter(value)
  },
}

/**
 * Subscribes to the responses of an endpoint before the first request, and keeps that subscription, which requests share.
 *
 * - *on subscribe*: opens the link and subscribes.
 * - *next*: the broker has acknowledged the subscription; again after each lost session.
 * - *complete*: the link was closed by `close()`.
 * - *error*: the broker refused the subscription, or the link ended with an error.
 * - *unsubscribe*: unsubscribes 30 s after the last request, as without this stream.
 *
 * @example
 * ```ts
 * await firstValueFrom(responseSubscription$(link, temperature))
 * ```
 */
export function responseSubscription$<T extends EndpointTypes>(
  link: Link,
  { name, responseTopic }: Endpoint<T>,
  options: ResponseSubscriptionOptions<T> = {},
): Observable<void> {
  requireArgument('options', options, optionRules)
  if (responseTopic !== undefined && options.responseTopic !== undefined)
    throw invalidArgument(`options.responseTopic is set, but ${name} has its own: remove it`)
  const params = (options.params ?? {}) as Readonly<Record<string, string>>
  const filter = responseTopic?.formatFilter(params) ?? options.responseTopic
  return new Observable((subscriber) => new KeptSubscription(link, filter, subscriber).start())
}
