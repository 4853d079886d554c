import type { Delivery, Link, Message, OutgoingMessage } from '@antiphon/core'
import { concat, EMPTY, NEVER, Observable, of, Subject, VirtualTimeScheduler } from 'rxjs'

/** A link on which everything happens within the call, and a peer behind it. */
export interface SynchronousLink extends Link {
  /** How many SUBSCRIBE packets there would have been. */
  readonly subscribed: () => number
  /** How many deliveries were not acknowledged. */
  readonly unacknowledged: () => number
}

/** Who answers what is published; `deliver` may be called within the call or at any later time. */
export type Peer = (message: OutgoingMessage, deliver: (response: OutgoingMessage) => void) => void

/** A link without any broker: for counting, and for what must not depend on time. */
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
          clientId: 'caller',
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
        subscriber.next({ filter, grantedQoS: 1, deliveries$ })
        return () => windows.delete(filter)
      }),
    messages$: () => EMPTY,
    publish$: (message) =>
      new Observable((subscriber) => {
        // The answer may be there before the acknowledgement.
        peer(message, deliver)
        subscriber.next({ reasonCode: 0 })
        subscriber.complete()
      }),
    incidents$: EMPTY,
    close: () => Promise.resolve(),
    subscribed: () => subscribed,
    unacknowledged: () => unacknowledged,
  }
}
