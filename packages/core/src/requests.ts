import { mergeMap, Observable, tap } from 'rxjs'
import { requireNumber } from './argument.js'
import type { TransferBounds } from './chunk/transfers.js'
import type { Endpoint, EndpointTypes } from './endpoint.js'
import { exchangesOf } from './exchange/exchanges.js'
import type { Delivery, Link } from './link/link.js'
import type { QoS } from './message.js'
import { Admission, type Admitted } from './responder/admission.js'
import type { DuplicateBounds } from './responder/duplicates.js'
import type { HeaderRule } from './responder/header-rule.js'
import { replyTopicCheck, type ReplyTopicRule } from './responder/reply-topic.js'
import { toServedRequest, type ServedRequest } from './responder/served-request.js'

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
  readonly replyTopics?: ReplyTopicRule
  /** What is asked of a request's headers beside what the protocol needs, such as `mrpcHeaders`. @defaultValue nothing */
  readonly headers?: HeaderRule
  /** How many requests are remembered to answer their repetitions. */
  readonly duplicates?: DuplicateBounds
  /** How much may be on its way in parts, of requests larger than one packet. */
  readonly transfers?: TransferBounds
  /**
   * Acknowledge a request once its reply is out, so that a crash repeats it, or when it arrives, so that a crash loses
   * it. @defaultValue 'after-reply'
   */
  readonly acknowledge?: 'after-reply' | 'on-receipt'
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
): Observable<ServedRequest<T>> {
  const topics =
    options.filter ?? endpoint.topic.filter((options.params ?? {}) as Readonly<Record<string, string>>)
  const subscribed = options.group === undefined ? topics : `$share/${options.group}/${topics}`
  const exchanges = exchangesOf(link)
  const parts = {
    link,
    endpoint,
    checkReplyTopic: replyTopicCheck(topics, options.replyTopics),
    headers: options.headers,
    duplicates: toDuplicateBounds(options.duplicates),
    transfers: options.transfers,
    refused: exchanges.refused,
  }
  return new Observable((subscriber) => {
    const admission = new Admission(parts)
    exchanges.follow()
    subscriber.add(() => admission.close())
    const toRequest = (admitted: Admitted): ServedRequest<T> =>
      toServedRequest<T>({ ...admitted, endpoint: endpoint.name, receivedAt: link.scheduler.now() })
    const receive = (delivery: Delivery): void => {
      const admitted = admission.admit(delivery)
      if (admitted === undefined) return
      if (options.acknowledge === 'on-receipt') admitted.served.acknowledge()
      subscriber.next(toRequest(admitted))
    }
    return link
      .subscription$(subscribed, { qos: options.qos ?? 1 })
      .pipe(
        tap({ complete: () => admission.shut() }),
        mergeMap((window) => window.deliveries$),
      )
      .subscribe({
        next: receive,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
  })
}

function toDuplicateBounds(bounds: DuplicateBounds = {}): Required<DuplicateBounds> {
  const { entries = 10_000, bytes = 16 * 2 ** 20, keepFor = 60_000 } = bounds
  return {
    entries: requireNumber('duplicates.entries', entries, { least: 0 }),
    bytes: requireNumber('duplicates.bytes', bytes, { least: 0 }),
    keepFor: requireNumber('duplicates.keepFor', keepFor, { least: 0 }),
  }
}
