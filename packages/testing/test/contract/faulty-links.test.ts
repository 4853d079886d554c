import {
  AntiphonError,
  type Delivery,
  type Link,
  type LinkMiddleware,
  type SubscriptionWindow,
} from '@antiphon/core'
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
import { describe, expect, it } from 'vitest'
import { linkContract, virtualSetting } from '../../src/index.js'

/** A link whose windows are changed. */
function windows(change: (window: SubscriptionWindow, link: Link) => SubscriptionWindow): LinkMiddleware {
  return (link) => ({
    ...link,
    subscription$: (...asked) => link.subscription$(...asked).pipe(map((window) => change(window, link))),
  })
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

/** Links that each break one promise. */
const faulty: Readonly<Record<string, LinkMiddleware>> = {
  'state$ forgets the present state': (link) => ({ ...link, state$: link.state$.pipe(skip(1)) }),
  'state$ never completes': (link) => ({ ...link, state$: link.state$.pipe(concatWith(NEVER)) }),
  'state$ leaves out offline': (link) => ({
    ...link,
    state$: link.state$.pipe(filter(({ status }) => status !== 'offline')),
  }),
  'every message comes twice': deliveries((delivery) => [delivery, delivery]),
  'messages$ hands out everything twice': (link) => ({
    ...link,
    messages$: (...asked) => link.messages$(...asked).pipe(mergeMap((message) => [message, message])),
  }),
  'messages$ acknowledges nothing': (link) => ({
    ...link,
    messages$: (...asked) =>
      link.subscription$(...asked).pipe(
        mergeMap(({ deliveries$ }) => deliveries$),
        map(({ message }) => message),
      ),
  }),
  'everything is acknowledged on arrival': deliveries((delivery) => {
    delivery.acknowledge()
    return delivery
  }),
  'nothing is ever acknowledged': deliveries((delivery) => ({ ...delivery, acknowledge: () => undefined })),
  'retain flags are lost': deliveries(({ message, acknowledge }) => ({
    message: { ...message, retain: false },
    acknowledge,
  })),
  'duplicates are not marked': deliveries(({ message, acknowledge }) => ({
    message: { ...message, dup: false },
    acknowledge,
  })),
  'retained messages come to nobody': windows(({ deliveries$, ...window }) => ({
    ...window,
    deliveries$: deliveries$.pipe(filter(({ message }) => !message.retain)),
  })),
  'windows never close': windows(({ deliveries$, ...window }) => ({
    ...window,
    deliveries$: deliveries$.pipe(concatWith(NEVER)),
  })),
  'windows claim QoS 1': windows((window) => ({ ...window, grantedQoS: 1 })),
  'only the first window is told': (link) => ({
    ...link,
    subscription$: (...asked) => link.subscription$(...asked).pipe(take(1), concatWith(NEVER)),
  }),
  'a refusal looks like an end': (link) => ({
    ...link,
    subscription$: (...asked) => link.subscription$(...asked).pipe(catchError(() => EMPTY)),
  }),
  'a refused publish looks accepted': publishing(
    (link) => (message) => link.publish$(message).pipe(catchError(() => of({ reasonCode: 0 }))),
  ),
  'the reason of a refusal is lost': publishing(
    (link) => (message) =>
      link.publish$(message).pipe(
        catchError((error: unknown) => {
          const { code, message: text } = AntiphonError.from(error)
          return throwError(() => new AntiphonError(code, text))
        }),
      ),
  ),
  'nobody subscribed looks like success': publishing(
    (link) => (message) => link.publish$(message).pipe(map(() => ({ reasonCode: 0 }))),
  ),
  'publish$ never completes': publishing(
    (link) => (message) => link.publish$(message).pipe(concatWith(NEVER)),
  ),
  'publish$ sends without being asked': publishing((link) => (message) => {
    const ack$ = link.publish$(message)
    ack$.subscribe({ error: () => undefined })
    return ack$
  }),
  'properties are lost': publishing(
    (link) =>
      ({ topic, payload, qos, retain }) =>
        link.publish$({
          topic,
          payload,
          ...(qos === undefined ? {} : { qos }),
          ...(retain === undefined ? {} : { retain }),
        }),
  ),
  'QoS is lowered': publishing((link) => (message) => link.publish$({ ...message, qos: 0 })),
  'messages leave out of order': publishing(
    (link) => (message) =>
      of(message).pipe(
        delay(message.payload.length % 2 === 0 ? 5 : 0, link.scheduler),
        mergeMap((late) => link.publish$(late)),
      ),
  ),
  'an unfit message is no error of the caller': publishing(
    (link) => (message) =>
      link
        .publish$(message)
        .pipe(
          catchError((error: unknown) =>
            throwError(() => new AntiphonError('unknown', AntiphonError.from(error).message)),
          ),
        ),
  ),
  'incidents are told to nobody': (link) => ({
    ...link,
    incidents$: link.incidents$.pipe(filter(() => false)),
  }),
  'incidents$ never completes': (link) => ({ ...link, incidents$: link.incidents$.pipe(concatWith(NEVER)) }),
  'close does nothing': (link) => ({ ...link, close: () => Promise.resolve() }),
  'close never resolves': (link) => ({
    ...link,
    close: async () => {
      await link.close()
      return new Promise(() => undefined)
    },
  }),
  'a timer runs on': (link) => ({
    ...link,
    subscription$: (...asked) => {
      const tick = (): void => void link.scheduler.schedule(tick, 1_000)
      return link.subscription$(...asked).pipe(tap({ subscribe: tick }))
    },
  }),
}

/** The first case that a link breaks. */
async function brokenBy(middleware: LinkMiddleware): Promise<string | undefined> {
  for (const { name, run } of linkContract(virtualSetting({ middleware })).cases) {
    const isKept = await run().then(
      () => true,
      () => false,
    )
    if (!isKept) return name
  }
  return undefined
}

describe('the contract of a link', () => {
  it.each(Object.entries(faulty))('is broken where %s', async (_, middleware) => {
    expect(await brokenBy(middleware)).toBeDefined()
  })

  it('is kept by a link that does nothing wrong', async () => {
    expect(await brokenBy((link) => ({ ...link }))).toBeUndefined()
  })
})
