import { map, type Observable } from 'rxjs'
import type { Delivery, Link, LinkMiddleware, PublishAck } from '../link/link.js'
import { messagesOf$ } from '../link/messages.js'
import type { OutgoingMessage } from '../message.js'

/** What a middleware does with what passes through a link; what it leaves out passes untouched. */
export interface LinkTaps {
  /** Stands before `publish$`: gets the message and the way on. */
  readonly publish$?: (
    message: OutgoingMessage,
    next: (message: OutgoingMessage) => Observable<PublishAck>,
  ) => Observable<PublishAck>
  /** Stands behind every window: gets the stream of deliveries of a filter. */
  readonly deliveries$?: (deliveries$: Observable<Delivery>, filter: string) => Observable<Delivery>
}

/**
 * Makes a middleware of what it does to messages out and in, and keeps the rest of the link true to it: `messages$`
 * goes through the same taps as `subscription$`.
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
    const { publish$: outTap, deliveries$: inTap } = taps
    const subscription$: Link['subscription$'] =
      inTap === undefined
        ? link.subscription$
        : (filter, options) =>
            link
              .subscription$(filter, options)
              .pipe(map((window) => ({ ...window, deliveries$: inTap(window.deliveries$, filter) })))
    return {
      ...link,
      subscription$,
      messages$: (filter, options) => messagesOf$(subscription$(filter, options)),
      publish$: outTap === undefined ? link.publish$ : (message) => outTap(message, link.publish$),
    }
  }
}
