import { mergeMap, Observable, tap } from 'rxjs'
import { requireNumber } from './argument.js'
import type { TransferBounds } from './chunk/transfers.js'
import type { Endpoint, EndpointTypes } from './endpoint.js'
import { pendingRequestsOf } from './requester/pending-requests.js'
import type { Delivery, Link } from './link/link.js'
import type { QoS } from './message.js'
import { RequestReceiver, type AcceptedRequest } from './responder/request-receiver.js'
import type { ResponseCacheBounds } from './responder/response-cache.js'
import type { HeaderRule } from './responder/header-rule.js'
import { responseTopicCheck, type ResponseTopicRule } from './responder/response-topic-rule.js'
import { toReceivedRequest, type ReceivedRequest } from './responder/received-request.js'

/** Which requests come in, and how they are received. */
export interface RequestsOptions<T extends EndpointTypes> {
  /** Topic parameters that are fixed here, such as the device's own id; the others match anything. */
  readonly params?: Partial<T['params']>
  /** What to subscribe to instead, when the broker's rules ask for another filter that covers the same. */
  readonly filter?: string
  /** Shares the requests among all responders of this group: each goes to one of them. */
  readonly group?: string
  /** @defaultValue 1 */
  readonly qos?: QoS
  /** Where replies may go. @defaultValue any topic outside `$` trees that is not a request topic itself */
  readonly responseTopics?: ResponseTopicRule
  /** What is asked of a request's headers beside what the protocol needs, such as `mrpcHeaders`. @defaultValue nothing */
  readonly headers?: HeaderRule
  /** How many requests are remembered to answer their repetitions. */
  readonly responseCache?: ResponseCacheBounds
  /** How much may be on its way in parts, of requests larger than one packet. */
  readonly transfers?: TransferBounds
  /**
   * Acknowledge a request once its reply is out, so that a crash repeats it, or when it arrives, so that a crash loses
   * it. @defaultValue 'after-response'
   */
  readonly acknowledge?: 'after-response' | 'on-receipt'
}

/**
 * The stream of requests to an endpoint, ready for `serve`.
 *
 * Retained and malformed messages, unfit reply topics, repetitions and cancels are dealt with before they come here; see
 * `refusals$`.
 * - *on subscribe*: opens the link and subscribes to the endpoint's topic; may be done before the link is connected.
 * - *next*: a request, decoded. *complete*: the link was closed. *error*: the subscription was refused, or the link ended.
 * - *unsubscribe*: unsubscribes; what is in hand stays unacknowledged, and the broker gives it to somebody else. To let
 *   it finish first, see the `drain$` of `serve`.
 */
export function requests$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: RequestsOptions<T> = {},
): Observable<ReceivedRequest<T>> {
  const topics =
    options.filter ?? endpoint.topic.filter((options.params ?? {}) as Readonly<Record<string, string>>)
  const subscribed = options.group === undefined ? topics : `$share/${options.group}/${topics}`
  const pending = pendingRequestsOf(link)
  const parts = {
    link,
    endpoint,
    checkResponseTopic: responseTopicCheck(topics, options.responseTopics),
    headers: options.headers,
    cacheBounds: toCacheBounds(options.responseCache),
    transfers: options.transfers,
    onIgnored: pending.reportIgnored,
  }
  return new Observable((subscriber) => {
    const receiver = new RequestReceiver(parts)
    pending.monitorLink()
    subscriber.add(() => receiver.close())
    const toRequest = (admitted: AcceptedRequest): ReceivedRequest<T> =>
      toReceivedRequest<T>({ ...admitted, endpoint: endpoint.name, receivedAt: link.scheduler.now() })
    const receive = (delivery: Delivery): void => {
      const admitted = receiver.receive(delivery)
      if (admitted === undefined) return
      if (options.acknowledge === 'on-receipt') admitted.context.acknowledge()
      subscriber.next(toRequest(admitted))
    }
    return link
      .subscription$(subscribed, { qos: options.qos ?? 1 })
      .pipe(
        tap({ complete: () => receiver.linkClosed() }),
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
  return {
    entries: requireNumber('responseCache.entries', entries, { least: 0 }),
    bytes: requireNumber('responseCache.bytes', bytes, { least: 0 }),
    ttl: requireNumber('responseCache.ttl', ttl, { least: 0 }),
  }
}
