import { mergeMap, Observable, tap } from 'rxjs'
import { requireArgument } from './argument.js'
import { transferBoundRules, type TransferBounds } from './chunk/transfers.js'
import type { Endpoint, EndpointTypes } from './endpoint.js'
import { linkMonitorOf } from './link/link-monitor.js'
import type { Delivery, Link } from './link/link.js'
import type { QoS } from './message.js'
import { type OptionRules, sizeRule } from './option-rules.js'
import { RequestReceiver } from './responder/request-receiver.js'
import { ResponderContext } from './responder/responder-context.js'
import type { ResponseCacheBounds } from './responder/response-cache.js'
import type { HeaderRule } from './responder/header-rule.js'
import { responseTopicCheck, type ResponseTopicRule } from './responder/response-topic-rule.js'
import { requestContext, type ReceivedRequest } from './responder/received-request.js'

/** Options of `requests$`. */
export interface RequestsOptions<T extends EndpointTypes> {
  /** Values of topic parameters, such as the device's own id; all other parameters match any value. */
  readonly params?: Partial<T['params']>
  /** The topic filter to subscribe to, if the broker requires another one than the endpoint's. */
  readonly filter?: string
  /** The group of a shared subscription: each request goes to one of the responders in the group. */
  readonly group?: string
  /** Maximum QoS of the subscription. @defaultValue 1 */
  readonly qos?: QoS
  /** The response topics that are allowed. @defaultValue all that neither start with `$` nor match the request filter */
  readonly responseTopics?: ResponseTopicRule
  /** Checks the headers of requests beyond what the protocol requires, such as `mrpcHeaders`. @defaultValue no check */
  readonly headers?: HeaderRule
  /** Limits of the cache from which duplicate requests are answered. */
  readonly responseCache?: ResponseCacheBounds
  /** Limits of requests that arrive in chunks because they exceed the broker's Maximum Packet Size. */
  readonly transfers?: TransferBounds
  /**
   * When a request is acknowledged: after its response, so that a crash repeats it, or on receipt, so that a crash loses
   * it. @defaultValue 'after-response'
   */
  readonly acknowledge?: 'after-response' | 'on-receipt'
}

const requestsOptionRules: OptionRules<RequestsOptions<EndpointTypes>> = {
  params: 'object',
  filter: 'string',
  group: 'string',
  qos: [0, 1, 2],
  responseTopics: (value) =>
    Array.isArray(value) || typeof value === 'function'
      ? undefined
      : 'it must be an array of filters or a function',
  headers: 'function',
  responseCache: {
    entries: sizeRule,
    bytes: sizeRule,
    ttl: sizeRule,
  } satisfies OptionRules<ResponseCacheBounds>,
  transfers: transferBoundRules,
  acknowledge: ['after-response', 'on-receipt'],
}

/**
 * Subscribes to an endpoint's topic and emits its requests, to be piped into `serve`.
 *
 * Retained and malformed messages, messages whose response topic is not allowed, duplicates and cancels are not emitted;
 * see `ignoredRequests$`.
 *
 * - *on subscribe*: opens the link and subscribes to the topic. The link need not be connected.
 * - *next*: a decoded request.
 * - *complete*: the link was closed.
 * - *error*: the broker refused the subscription, or the link ended with an error.
 * - *unsubscribe*: unsubscribes from the topic. Requests not yet responded to stay unacknowledged, and the broker delivers
 *   them again; to finish them first, use `drain$` of `serve`.
 */
export function requests$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: RequestsOptions<T> = {},
): Observable<ReceivedRequest<T>> {
  requireArgument('options', options, requestsOptionRules)
  const requestFilter =
    options.filter ?? endpoint.topic.filter((options.params ?? {}) as Readonly<Record<string, string>>)
  const filter = options.group === undefined ? requestFilter : `$share/${options.group}/${requestFilter}`
  const cacheBounds = toCacheBounds(options.responseCache)
  const rules = {
    checkResponseTopic: responseTopicCheck(requestFilter, options.responseTopics),
    headers: options.headers,
    transfers: options.transfers,
  }
  return new Observable((subscriber) => {
    const responder = new ResponderContext(link, endpoint, cacheBounds)
    const receiver = new RequestReceiver(responder, rules)
    linkMonitorOf(link).start()
    subscriber.add(() => receiver.close())
    const receive = (delivery: Delivery): void => {
      const request = receiver.receive<T>(delivery)
      if (request === undefined) return
      if (options.acknowledge === 'on-receipt') request[requestContext].acknowledge()
      subscriber.next(request)
    }
    return link
      .subscription$(filter, { qos: options.qos ?? 1 })
      .pipe(
        tap({ complete: () => (responder.isLinkClosed = true) }),
        mergeMap((window) => window.deliveries$),
      )
      .subscribe({
        next: receive,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
  })
}

function toCacheBounds(bounds: ResponseCacheBounds = {}): Required<ResponseCacheBounds> {
  const { entries = 10_000, bytes = 16 * 2 ** 20, ttl = 60_000 } = bounds
  return { entries, bytes, ttl }
}
