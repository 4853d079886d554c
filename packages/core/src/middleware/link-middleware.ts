import { map, type Observable } from 'rxjs'
import type { Delivery, Link, LinkMiddleware, PublishAck, SubscriptionWindow } from '../link/link.js'
import { baseOf, withBase } from '../link/base-link.js'
import { messagesOf$ } from '../link/messages.js'
import type { OutgoingMessage } from '../message.js'
import { oncePer } from '../once-per.js'
import { tappedDeliveries$, type DeliveriesTap } from './tapped-deliveries.js'

/** The operations of a link that a middleware intercepts. Operations left out are passed through. */
export interface LinkTaps {
  /** Intercepts `publish$`; call `next` to publish the message. */
  readonly publish$?: (
    message: OutgoingMessage,
    next: (message: OutgoingMessage) => Observable<PublishAck>,
  ) => Observable<PublishAck>
  /** Transforms the deliveries of each subscription window. */
  readonly deliveries$?: (deliveries$: Observable<Delivery>, filter: string) => Observable<Delivery>
}

/**
 * Creates a link middleware from functions that intercept outgoing and incoming messages.
 *
 * `messages$` passes through the same functions as `subscription$`.
 *
 * @example
 * ```ts
 * const upperCaseTopics = linkMiddleware({
 *   publish$: (message, next) => next({ ...message, topic: message.topic.toUpperCase() }),
 * })
 * ```
 */
export function linkMiddleware(taps: LinkTaps): LinkMiddleware {
  return (link: Link): Link => {
    const { publish$: publishTap, deliveries$: deliveriesTap } = taps
    // Subscribers that share a window of the link share one of the middleware.
    const tapped = oncePer((window: SubscriptionWindow): SubscriptionWindow => {
      const { filter } = window
      const tap: DeliveriesTap = (deliveries$) => deliveriesTap?.(deliveries$, filter) ?? deliveries$
      return { ...window, deliveries$: tappedDeliveries$(window.deliveries$, tap) }
    })
    const subscription$: Link['subscription$'] =
      deliveriesTap === undefined
        ? link.subscription$
        : (filter, options) => link.subscription$(filter, options).pipe(map(tapped))
    return {
      ...withBase(link, baseOf(link)),
      subscription$,
      messages$: (filter, options) => messagesOf$(subscription$(filter, options)),
      publish$: publishTap === undefined ? link.publish$ : (message) => publishTap(message, link.publish$),
    }
  }
}
