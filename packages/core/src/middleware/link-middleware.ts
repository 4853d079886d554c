import { map, type Observable } from 'rxjs'
import type {
  ConnectionInfo,
  Delivery,
  Link,
  LinkMiddleware,
  LinkState,
  PublishAck,
  SubscriptionWindow,
} from '../link/link.js'
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
  /**
   * Returns the most bytes that `publish$` adds to a message. The link then reports a Maximum Packet Size that is lower by
   * as many, at most by half, so that large payloads are split into chunks in time.
   */
  readonly addedBytes?: (info: ConnectionInfo) => number
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
    const { publish$: publishTap, deliveries$: deliveriesTap, addedBytes } = taps
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
      state$:
        addedBytes === undefined
          ? link.state$
          : link.state$.pipe(map((state) => withRoom(state, addedBytes))),
      subscription$,
      messages$: (filter, options) => messagesOf$(subscription$(filter, options)),
      publish$: publishTap === undefined ? link.publish$ : (message) => publishTap(message, link.publish$),
    }
  }
}

/** Returns a state with a lower Maximum Packet Size. */
function withRoom(state: LinkState, addedBytes: (info: ConnectionInfo) => number): LinkState {
  if (state.status !== 'online') return state
  const { info } = state
  const maximumPacketSize = Math.max(
    info.maximumPacketSize - addedBytes(info),
    Math.ceil(info.maximumPacketSize / 2),
  )
  return { ...state, info: { ...info, maximumPacketSize } }
}
