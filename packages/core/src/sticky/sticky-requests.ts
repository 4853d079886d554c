import { defer, delay, map, Observable, tap } from 'rxjs'
import { requireArgument } from '../argument.js'
import type { Endpoint } from '../endpoint.js'
import type { EndpointTypes } from '../endpoint-types.js'
import type { Delivery, Link } from '../link/link.js'
import { linkMiddleware } from '../middleware/link-middleware.js'
import { sizeRule } from '../option-rules.js'
import type { Presence } from '../presence/presence.js'
import { requests$, type RequestsOptions } from '../requests.js'
import type { ReceivedRequest } from '../responder/received-request.js'
import { validateTopicName } from '../topic/topic-name.js'
import { groupNameRule, memberTopicPrefix } from './member-topic.js'

/** The options of `stickyRequests$`: those of `requests$`, and of the member. */
export interface StickyRequestsOptions<T extends EndpointTypes> extends Omit<
  RequestsOptions<T>,
  'group' | 'filter'
> {
  /** The name of the group. */
  readonly group: string
  /** The presence by which the link is announced; requesters find the member by it. */
  readonly presence: Presence
  /** The first levels of the topics of members. @defaultValue 'member' */
  readonly prefix?: string
  /**
   * Milliseconds for which a member that drains still receives requests after it has announced that it leaves: until all
   * requesters know. @defaultValue 1 000
   */
  readonly handoverPeriod?: number
}

/**
 * Subscribes to the requests that `stickyGroup` sends to this member of a group, to be piped into `serve`.
 *
 * The member has a topic of its own, `member/<client id>/<group>/` followed by the topic of the request. The handler sees
 * the endpoint's topic.
 *
 * - *on subscribe*: subscribes to the member's topic, and then announces that it serves the group.
 * - *next, error*: as `requests$`.
 * - *complete*: the responder has been drained, or the link was closed.
 * - *unsubscribe*: announces that the member leaves, and unsubscribes from its topic.
 *
 * `drain$` announces that the member leaves, receives requests for the `handoverPeriod`, and then drains as in `requests$`. By
 * default the member leaves its subscription, also with a persistent session.
 *
 * @example
 * ```ts
 * stickyRequests$(link, balance, { group: 'workers', presence: self }).pipe(serve(handler)).subscribe()
 * ```
 */
export function stickyRequests$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: StickyRequestsOptions<T>,
): Observable<ReceivedRequest<T>> {
  const { group, presence, prefix = 'member', handoverPeriod = 1_000, ...requestsOptions } = options
  requireArgument('options.group', group, groupNameRule)
  requireArgument('options.presence', presence, 'object')
  requireArgument('options.prefix', prefix, (value: unknown) => validateTopicName(value as string))
  requireArgument('options.handoverPeriod', handoverPeriod, sizeRule)
  const root = memberTopicPrefix(prefix, presence.clientId, group)
  const { params = {}, drain$ } = options
  const filter = root + endpoint.topic.filter(params)
  const withoutRoot = ({ message, acknowledge }: Delivery): Delivery => ({
    message: { ...message, topic: message.topic.slice(root.length) },
    acknowledge,
  })
  const requestsOf = (
    view: Link,
    leaving$: Observable<unknown> | undefined,
  ): Observable<ReceivedRequest<T>> =>
    requests$(view, endpoint, {
      drainBy: 'leave',
      ...requestsOptions,
      filter,
      ...(leaving$ === undefined ? {} : { drain$: leaving$ }),
    })
  // Throws for invalid options before anything is subscribed.
  requestsOf(link, drain$)

  return new Observable((subscriber) => {
    const membership = new Membership(() => presence.join({ name: group, topic: filter }))
    subscriber.add(() => membership.end())
    const view = linkMiddleware({
      deliveries$: (deliveries$, subscribed) =>
        subscribed !== filter
          ? deliveries$
          : defer(() => {
              // The broker has granted the subscription.
              membership.begin()
              return deliveries$.pipe(map(withoutRoot))
            }),
    })(link)
    const leaving$ = drain$?.pipe(
      tap(() => membership.end()),
      delay(handoverPeriod, link.scheduler),
    )
    subscriber.add(requestsOf(view, leaving$).subscribe(subscriber))
  })
}

/** Whether a member is announced as one of its group. */
class Membership {
  readonly #join: () => () => void
  #leave: (() => void) | undefined
  #hasEnded = false

  constructor(join: () => () => void) {
    this.#join = join
  }

  /** Announces the member, unless it is announced or has ended. */
  begin(): void {
    if (!this.#hasEnded) this.#leave ??= this.#join()
  }

  end(): void {
    this.#hasEnded = true
    this.#leave?.()
    this.#leave = undefined
  }
}
