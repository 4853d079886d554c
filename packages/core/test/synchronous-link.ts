import type { Delivery, Link, Message, OutgoingMessage } from '@antiphon/core'
import { concat, EMPTY, NEVER, Observable, of, Subject, VirtualTimeScheduler } from 'rxjs'

/** A link that publishes and delivers synchronously, without a broker. */
export interface SynchronousLink extends Link {
  /** Returns the number of subscriptions. */
  readonly subscribed: () => number
  /** Returns the number of unacknowledged deliveries. */
  readonly unacknowledged: () => number
}

/** Handles a published message; `deliver` may be called synchronously or later. */
export type Peer = (message: OutgoingMessage, deliver: (response: OutgoingMessage) => void) => void

/** A synchronous link whose test is the peer. */
export interface ManualPeer {
  readonly link: SynchronousLink
  /** The published messages. */
  readonly requests: readonly OutgoingMessage[]
  /** Delivers a response. */
  readonly respond: (response: OutgoingMessage) => void
}

/** Creates a synchronous link that delivers what the test responds. */
export function manualPeer(): ManualPeer {
  const requests: OutgoingMessage[] = []
  let respond: (response: OutgoingMessage) => void = () => undefined
  const link = synchronousLink((message, deliver) => {
    requests.push(message)
    respond = deliver
  })
  return { link, requests, respond: (response) => respond(response) }
}

/** Creates a synchronous link, for counts and for tests that must not depend on time. */
export function synchronousLink(peer: Peer): SynchronousLink {
  const windows = new Map<string, Subject<Delivery>>()
  let subscribed = 0
  let unacknowledged = 0

  const deliver = ({ topic, payload, ...properties }: OutgoingMessage): void => {
    const message: Message = { topic, payload, ...properties, qos: 1, retain: false, dup: false }
    unacknowledged++
    let isAcknowledged = false
    windows.get(topic)?.next({
      message,
      acknowledge: () => {
        if (!isAcknowledged) unacknowledged--
        isAcknowledged = true
      },
    })
  }
  return {
    scheduler: new VirtualTimeScheduler(undefined, 0),
    state$: concat(
      of({
        status: 'online' as const,
        info: {
          protocolVersion: 5 as const,
          clientId: 'requester',
          sessionPresent: false,
          receiveMaximum: 65_535,
          maximumPacketSize: Infinity,
          maximumQoS: 2 as const,
          retainAvailable: true,
          wildcardSubscriptions: true,
          sharedSubscriptions: true,
          subscriptionIdentifiers: true,
        },
      }),
      NEVER,
    ),
    subscription$: (filter) =>
      new Observable((subscriber) => {
        subscribed++
        const deliveries$ = new Subject<Delivery>()
        windows.set(filter, deliveries$)
        subscriber.next({ filter, grantedQoS: 1, deliveries$, unsubscribe$: of(undefined) })
        return () => windows.delete(filter)
      }),
    messages$: () => EMPTY,
    publish$: (message) =>
      new Observable((subscriber) => {
        // The response may arrive before the acknowledgement.
        peer(message, deliver)
        subscriber.next({ reasonCode: 0 })
        subscriber.complete()
      }),
    incidents$: EMPTY,
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
    subscribed: () => subscribed,
    unacknowledged: () => unacknowledged,
  }
}
