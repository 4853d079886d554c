import {
  AntiphonError,
  type Delivery,
  type Link,
  type LinkMiddleware,
  type SubscriptionWindow,
} from '@antiphon/core'
import { outgoingFault } from '@antiphon/core/link'
import {
  catchError,
  concatWith,
  delay,
  EMPTY,
  filter,
  map,
  mergeMap,
  NEVER,
  of,
  skip,
  take,
  tap,
  throwError,
} from 'rxjs'

/** Changes every window once, so that subscribers that share a window still share it. */
function windows(change: (window: SubscriptionWindow) => SubscriptionWindow): LinkMiddleware {
  return (link) => {
    const changed = new WeakMap<SubscriptionWindow, SubscriptionWindow>()
    const changedOnce = (window: SubscriptionWindow): SubscriptionWindow => {
      const result = changed.get(window) ?? change(window)
      changed.set(window, result)
      return result
    }
    return {
      ...link,
      subscription$: (...args) => link.subscription$(...args).pipe(map(changedOnce)),
    }
  }
}

/** Changes the deliveries of a link. */
function deliveries(change: (delivery: Delivery) => Delivery | readonly Delivery[]): LinkMiddleware {
  return windows(({ deliveries$, ...window }) => ({
    ...window,
    deliveries$: deliveries$.pipe(mergeMap((delivery) => [change(delivery)].flat())),
  }))
}

/** Changes `publish$` of a link. */
function publishing(change: (link: Link) => Link['publish$']): LinkMiddleware {
  return (link) => ({ ...link, publish$: change(link) })
}

/** Changes `publish$` of a link for valid messages. */
function publishingValid(change: (link: Link) => Link['publish$']): LinkMiddleware {
  return publishing((link) => {
    const changed = change(link)
    return (message) => (outgoingFault(message) === undefined ? changed(message) : link.publish$(message))
  })
}

/** A link with one fault, and the case that must detect it. */
interface FaultyLink {
  /** The name of the case that must fail; others may fail too. */
  readonly detectedBy: string
  readonly middleware: LinkMiddleware
}

/** Links with one fault each, by a description of the fault. */
export const faultyLinks: Readonly<Record<string, FaultyLink>> = {
  'does not replay the current state on state$': {
    detectedBy: 'emits connecting, then online with the connection info on state$',
    middleware: (link) => ({ ...link, state$: link.state$.pipe(skip(1)) }),
  },
  'never completes state$': {
    detectedBy: 'completes every stream on close and emits closed on state$',
    middleware: (link) => ({ ...link, state$: link.state$.pipe(concatWith(NEVER)) }),
  },
  'omits offline from state$': {
    detectedBy: 'emits offline with error and retry delay, counts connection attempts, and returns to online',
    middleware: (link) => ({
      ...link,
      state$: link.state$.pipe(filter(({ status }) => status !== 'offline')),
    }),
  },
  'delivers every message twice': {
    detectedBy: 'emits a window only after SUBACK, so that messages published from then on arrive',
    middleware: deliveries((delivery) => [delivery, delivery]),
  },
  'emits every message of messages$ twice': {
    detectedBy: 'sends one SUBSCRIBE for N subscribers of a filter and one UNSUBSCRIBE after the last',
    middleware: (link) => ({
      ...link,
      messages$: (...args) => link.messages$(...args).pipe(mergeMap((message) => [message, message])),
    }),
  },
  'does not acknowledge messages of messages$': {
    detectedBy: 'acknowledges a message of messages$ once its subscriber has returned',
    middleware: (link) => ({
      ...link,
      messages$: (...args) =>
        link.subscription$(...args).pipe(
          mergeMap(({ deliveries$ }) => deliveries$),
          map(({ message }) => message),
        ),
    }),
  },
  'acknowledges deliveries on arrival': {
    detectedBy: 'sends acknowledgements in the order of receipt, whatever the order of the acknowledge calls',
    middleware: deliveries((delivery) => {
      delivery.acknowledge()
      return delivery
    }),
  },
  'never acknowledges deliveries': {
    detectedBy: 'sends acknowledgements in the order of receipt, whatever the order of the acknowledge calls',
    middleware: deliveries((delivery) => ({ ...delivery, acknowledge: () => undefined })),
  },
  'clears the RETAIN flag': {
    detectedBy: 'delivers retained messages to a late subscriber, and to none twice',
    middleware: (link) => ({
      ...link,
      messages$: (...args) => link.messages$(...args).pipe(map((message) => ({ ...message, retain: false }))),
    }),
  },
  'clears the DUP flag': {
    detectedBy: 'sends acknowledgements in the order of receipt, whatever the order of the acknowledge calls',
    middleware: deliveries(({ message, acknowledge }) => ({
      message: { ...message, dup: false },
      acknowledge,
    })),
  },
  'drops retained messages': {
    detectedBy: 'delivers retained messages to a late subscriber, and to none twice',
    middleware: (link) => ({
      ...link,
      messages$: (...args) => link.messages$(...args).pipe(filter(({ retain }) => !retain)),
    }),
  },
  'never closes windows': {
    detectedBy: 'closes the window and opens a new one after a lost session',
    middleware: windows(({ deliveries$, ...window }) => ({
      ...window,
      deliveries$: deliveries$.pipe(concatWith(NEVER)),
    })),
  },
  'reports QoS 1 as granted': {
    detectedBy: 'emits a window only after SUBACK, so that messages published from then on arrive',
    middleware: windows((window) => ({ ...window, grantedQoS: 1 })),
  },
  'emits only the first window': {
    detectedBy: 'emits a window only after SUBACK, so that messages published from then on arrive',
    middleware: (link) => ({
      ...link,
      subscription$: (...args) => link.subscription$(...args).pipe(take(1), concatWith(NEVER)),
    }),
  },
  'completes on a refused subscription': {
    detectedBy: 'fails only the refused filter, with the reason code of SUBACK',
    middleware: (link) => ({
      ...link,
      subscription$: (...args) => link.subscription$(...args).pipe(catchError(() => EMPTY)),
    }),
  },
  'reports a refused publish as accepted': {
    detectedBy: "fails publish$ with the reason code of the broker's refusal and keeps publishing",
    middleware: publishing(
      (link) => (message) => link.publish$(message).pipe(catchError(() => of({ reasonCode: 0 }))),
    ),
  },
  'drops the reason code of a refused publish': {
    detectedBy: "fails publish$ with the reason code of the broker's refusal and keeps publishing",
    middleware: publishing(
      (link) => (message) =>
        link.publish$(message).pipe(
          catchError((error: unknown) => {
            const { code, message: text } = AntiphonError.from(error)
            return throwError(() => new AntiphonError(code, text))
          }),
        ),
    ),
  },
  'reports reason code 0 when no client is subscribed': {
    detectedBy: 'emits reason code 0x10 when no client is subscribed to the published topic',
    middleware: publishing(
      (link) => (message) => link.publish$(message).pipe(map(() => ({ reasonCode: 0 }))),
    ),
  },
  'never completes publish$': {
    detectedBy: 'emits the acknowledgement of publish$ and completes at every QoS',
    middleware: publishing((link) => (message) => link.publish$(message).pipe(concatWith(NEVER))),
  },
  'publishes before the subscription to publish$': {
    detectedBy: 'emits the acknowledgement of publish$ and completes at every QoS',
    middleware: publishing((link) => (message) => {
      const ack$ = link.publish$(message)
      ack$.subscribe({ error: () => undefined })
      return ack$
    }),
  },
  'drops message properties': {
    detectedBy: 'transfers all message properties unchanged, including repeated user properties',
    middleware: publishingValid(
      (link) =>
        ({ topic, payload, qos, retain }) =>
          link.publish$({
            topic,
            payload,
            ...(qos === undefined ? {} : { qos }),
            ...(retain === undefined ? {} : { retain }),
          }),
    ),
  },
  'publishes at QoS 0': {
    detectedBy: 'emits the acknowledgement of publish$ and completes at every QoS',
    middleware: publishing((link) => (message) => link.publish$({ ...message, qos: 0 })),
  },
  'reorders published messages': {
    detectedBy: 'sends 200 concurrent messages in the order in which they were published',
    middleware: publishingValid(
      (link) => (message) =>
        of(message).pipe(
          delay(message.payload.length % 2 === 0 ? 5 : 0, link.scheduler),
          mergeMap((boundedLate) => link.publish$(boundedLate)),
        ),
    ),
  },
  'reports an invalid message with an unknown error': {
    detectedBy: 'rejects an invalid message with invalid-argument before sending a packet',
    middleware: publishing(
      (link) => (message) =>
        link
          .publish$(message)
          .pipe(
            catchError((error: unknown) =>
              throwError(() => new AntiphonError('unknown', AntiphonError.from(error).message)),
            ),
          ),
    ),
  },
  'emits no incidents': {
    detectedBy: 'fails a publish beyond the queue limit with overflow and reports an incident',
    middleware: (link) => ({
      ...link,
      incidents$: link.incidents$.pipe(filter(() => false)),
    }),
  },
  'never completes incidents$': {
    detectedBy: 'completes every stream on close and emits closed on state$',
    middleware: (link) => ({ ...link, incidents$: link.incidents$.pipe(concatWith(NEVER)) }),
  },
  'ignores close': {
    detectedBy: 'completes every stream on close and emits closed on state$',
    middleware: (link) => ({ ...link, close: () => Promise.resolve() }),
  },
  'never resolves close': {
    detectedBy: 'emits connecting, then online with the connection info on state$',
    middleware: (link) => ({
      ...link,
      close: async () => {
        await link.close()
        return new Promise(() => undefined)
      },
    }),
  },
  'leaves a timer running after close': {
    detectedBy: 'leaves no timer, socket or broker connection after close',
    middleware: (link) => ({
      ...link,
      subscription$: (...args) => {
        const tick = (): void => void link.scheduler.schedule(tick, 1_000)
        return link.subscription$(...args).pipe(tap({ subscribe: tick }))
      },
    }),
  },
}
