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

/** A link whose windows are changed, each once, so that all who share one still do. */
function windows(change: (window: SubscriptionWindow) => SubscriptionWindow): LinkMiddleware {
  return (link) => {
    const changed = new WeakMap<SubscriptionWindow, SubscriptionWindow>()
    const changedOnce = (window: SubscriptionWindow): SubscriptionWindow => {
      const known = changed.get(window) ?? change(window)
      changed.set(window, known)
      return known
    }
    return { ...link, subscription$: (...asked) => link.subscription$(...asked).pipe(map(changedOnce)) }
  }
}

/** A link whose deliveries are changed. */
function deliveries(change: (delivery: Delivery) => Delivery | readonly Delivery[]): LinkMiddleware {
  return windows(({ deliveries$, ...window }) => ({
    ...window,
    deliveries$: deliveries$.pipe(mergeMap((delivery) => [change(delivery)].flat())),
  }))
}

/** A link whose publishing is changed. */
function publishing(change: (link: Link) => Link['publish$']): LinkMiddleware {
  return (link) => ({ ...link, publish$: change(link) })
}

/** A link whose publishing of messages that may be sent is changed. */
function publishingFit(change: (link: Link) => Link['publish$']): LinkMiddleware {
  return publishing((link) => {
    const changed = change(link)
    return (message) => (outgoingFault(message) === undefined ? changed(message) : link.publish$(message))
  })
}

/** A link that breaks a promise of the contract. */
interface FaultyLink {
  /** That promise; others may be broken with it. */
  readonly caughtBy: string
  readonly middleware: LinkMiddleware
}

/** Links that each do one thing wrong, by what that is. */
export const faultyLinks: Readonly<Record<string, FaultyLink>> = {
  'state$ forgets the present state': {
    caughtBy: 'state$ says connecting, then online with what the broker allows',
    middleware: (link) => ({ ...link, state$: link.state$.pipe(skip(1)) }),
  },
  'state$ never completes': {
    caughtBy: 'close ends every stream in order, and says so on state$',
    middleware: (link) => ({ ...link, state$: link.state$.pipe(concatWith(NEVER)) }),
  },
  'state$ leaves out offline': {
    caughtBy: 'state$ says offline with the error and the wait, counts attempts, and comes back online',
    middleware: (link) => ({
      ...link,
      state$: link.state$.pipe(filter(({ status }) => status !== 'offline')),
    }),
  },
  'every message comes twice': {
    caughtBy: 'a window comes only after the grant: what is published upon it arrives',
    middleware: deliveries((delivery) => [delivery, delivery]),
  },
  'messages$ hands out everything twice': {
    caughtBy: 'subscribers of one filter share one SUBSCRIBE, and the last to leave sends one UNSUBSCRIBE',
    middleware: (link) => ({
      ...link,
      messages$: (...asked) => link.messages$(...asked).pipe(mergeMap((message) => [message, message])),
    }),
  },
  'messages$ acknowledges nothing': {
    caughtBy: 'messages$ acknowledges once its subscriber returned',
    middleware: (link) => ({
      ...link,
      messages$: (...asked) =>
        link.subscription$(...asked).pipe(
          mergeMap(({ deliveries$ }) => deliveries$),
          map(({ message }) => message),
        ),
    }),
  },
  'everything is acknowledged on arrival': {
    caughtBy: 'acknowledgements leave in the order of receipt, whatever the order of the calls',
    middleware: deliveries((delivery) => {
      delivery.acknowledge()
      return delivery
    }),
  },
  'nothing is ever acknowledged': {
    caughtBy: 'acknowledgements leave in the order of receipt, whatever the order of the calls',
    middleware: deliveries((delivery) => ({ ...delivery, acknowledge: () => undefined })),
  },
  'retain flags are lost': {
    caughtBy: 'a late subscriber gets the retained messages, and nobody gets them twice',
    middleware: (link) => ({
      ...link,
      messages$: (...asked) =>
        link.messages$(...asked).pipe(map((message) => ({ ...message, retain: false }))),
    }),
  },
  'duplicates are not marked': {
    caughtBy: 'acknowledgements leave in the order of receipt, whatever the order of the calls',
    middleware: deliveries(({ message, acknowledge }) => ({
      message: { ...message, dup: false },
      acknowledge,
    })),
  },
  'retained messages come to nobody': {
    caughtBy: 'a late subscriber gets the retained messages, and nobody gets them twice',
    middleware: (link) => ({
      ...link,
      messages$: (...asked) => link.messages$(...asked).pipe(filter(({ retain }) => !retain)),
    }),
  },
  'windows never close': {
    caughtBy: 'a lost session closes the window and opens a new one',
    middleware: windows(({ deliveries$, ...window }) => ({
      ...window,
      deliveries$: deliveries$.pipe(concatWith(NEVER)),
    })),
  },
  'windows claim QoS 1': {
    caughtBy: 'a window comes only after the grant: what is published upon it arrives',
    middleware: windows((window) => ({ ...window, grantedQoS: 1 })),
  },
  'only the first window is told': {
    caughtBy: 'a window comes only after the grant: what is published upon it arrives',
    middleware: (link) => ({
      ...link,
      subscription$: (...asked) => link.subscription$(...asked).pipe(take(1), concatWith(NEVER)),
    }),
  },
  'a refusal looks like an end': {
    caughtBy: 'a refused filter fails with the reason, alone',
    middleware: (link) => ({
      ...link,
      subscription$: (...asked) => link.subscription$(...asked).pipe(catchError(() => EMPTY)),
    }),
  },
  'a refused publish looks accepted': {
    caughtBy: 'publish$ fails with the reason where the broker refuses the message, and goes on',
    middleware: publishing(
      (link) => (message) => link.publish$(message).pipe(catchError(() => of({ reasonCode: 0 }))),
    ),
  },
  'the reason of a refusal is lost': {
    caughtBy: 'publish$ fails with the reason where the broker refuses the message, and goes on',
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
  'nobody subscribed looks like success': {
    caughtBy: 'publish$ says 0x10 where nobody is subscribed',
    middleware: publishing(
      (link) => (message) => link.publish$(message).pipe(map(() => ({ reasonCode: 0 }))),
    ),
  },
  'publish$ never completes': {
    caughtBy: 'publish$ emits the acknowledgement and completes, at every QoS',
    middleware: publishing((link) => (message) => link.publish$(message).pipe(concatWith(NEVER))),
  },
  'publish$ sends without being asked': {
    caughtBy: 'publish$ emits the acknowledgement and completes, at every QoS',
    middleware: publishing((link) => (message) => {
      const ack$ = link.publish$(message)
      ack$.subscribe({ error: () => undefined })
      return ack$
    }),
  },
  'properties are lost': {
    caughtBy: 'a message keeps its properties, byte for byte, and repeated user properties',
    middleware: publishingFit(
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
  'QoS is lowered': {
    caughtBy: 'publish$ emits the acknowledgement and completes, at every QoS',
    middleware: publishing((link) => (message) => link.publish$({ ...message, qos: 0 })),
  },
  'messages leave out of order': {
    caughtBy: 'messages leave in the order of their publishing, however many at once',
    middleware: publishingFit(
      (link) => (message) =>
        of(message).pipe(
          delay(message.payload.length % 2 === 0 ? 5 : 0, link.scheduler),
          mergeMap((late) => link.publish$(late)),
        ),
    ),
  },
  'an unfit message is no error of the caller': {
    caughtBy: 'publish$ refuses an unfit message before any packet, saying what is wrong',
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
  'incidents are told to nobody': {
    caughtBy: 'the queue is bounded: one too many fails with overflow, and is told as an incident',
    middleware: (link) => ({
      ...link,
      incidents$: link.incidents$.pipe(filter(() => false)),
    }),
  },
  'incidents$ never completes': {
    caughtBy: 'close ends every stream in order, and says so on state$',
    middleware: (link) => ({ ...link, incidents$: link.incidents$.pipe(concatWith(NEVER)) }),
  },
  'close does nothing': {
    caughtBy: 'close ends every stream in order, and says so on state$',
    middleware: (link) => ({ ...link, close: () => Promise.resolve() }),
  },
  'close never resolves': {
    caughtBy: 'state$ says connecting, then online with what the broker allows',
    middleware: (link) => ({
      ...link,
      close: async () => {
        await link.close()
        return new Promise(() => undefined)
      },
    }),
  },
  'a timer runs on': {
    caughtBy: 'nothing is left of a closed link: no timer, no socket, no connection at the broker',
    middleware: (link) => ({
      ...link,
      subscription$: (...asked) => {
        const tick = (): void => void link.scheduler.schedule(tick, 1_000)
        return link.subscription$(...asked).pipe(tap({ subscribe: tick }))
      },
    }),
  },
}
