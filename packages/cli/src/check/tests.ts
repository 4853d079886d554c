import { bytes, endpoint, groupSupport$, request, requests$, serve, type Link } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import {
  concatMap,
  EMPTY,
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  merge,
  of,
  range,
  scan,
  startWith,
  switchMap,
  take,
  takeUntil,
  tap,
  timeout as completeAfter,
  timer,
  toArray,
  type Observable,
} from 'rxjs'
import { percentilesOf, percentilesText } from '../output/percentiles.js'
import type { CapabilityTest, CheckContext } from './capability.js'

const exchanges = 20
const orderedMessages = 100
/** The Receive Maximum of the second client. */
const window = 3
/** A PUBACK that waits for TCP's delayed acknowledgement takes at least this long, in milliseconds. */
const delayedAcknowledgement = 38

/** The tests of capabilities that CONNACK does not reveal, in the order of the report. */
export const capabilityTests: readonly CapabilityTest[] = [
  { name: 'requests and responses', run: roundTrips },
  { name: 'PUBACK without delay (Nagle)', run: acknowledgements },
  { name: 'reports that nothing subscribes (0x10)', run: missingSubscriber },
  { name: 'delivers to groups ($share)', run: groups },
  { name: 'shares the messages of a group', run: sharing },
  { name: 'delivers retained messages', run: retained },
  { name: 'keeps the order', run: order },
  { name: 'keeps to Receive Maximum', run: receiveMaximum },
]

async function roundTrips({ link, prefix, timeout, info }: CheckContext): Promise<Result> {
  if (info.protocolVersion !== 5) return { detail: 'not tested: it needs MQTT 5' }
  const echo = endpoint({ topic: `${prefix}/echo`, request: bytes, response: bytes })
  let subscribed: () => void = () => undefined
  const isSubscribed = new Promise<void>((resolve) => (subscribed = resolve))
  const responder = requests$(link, echo, { onSubscribed: subscribed })
    .pipe(serve(({ value }) => of(value)))
    .subscribe()
  try {
    await isSubscribed
    const times: number[] = []
    for (let count = 0; count < exchanges; count += 1) {
      const startedAt = performance.now()
      await request(link, echo, new Uint8Array([count]), { timeout })
      times.push(performance.now() - startedAt)
    }
    return { isSupported: true, detail: timesText(times) }
  } finally {
    responder.unsubscribe()
  }
}

async function acknowledgements({ link, prefix }: CheckContext): Promise<Result> {
  const times: number[] = []
  for (let count = 0; count < exchanges; count += 1) {
    const startedAt = performance.now()
    await publish(link, `${prefix}/acknowledged`)
    times.push(performance.now() - startedAt)
  }
  const median = percentilesOf(times)?.p50 ?? 0
  const isFast = median < delayedAcknowledgement
  const detail = timesText(times)
  return isFast
    ? { isSupported: true, detail }
    : { detail: `${detail}: a far broker, or one that does not set TCP_NODELAY` }
}

async function missingSubscriber({ link, prefix, info }: CheckContext): Promise<Result> {
  const reasonCode = await publish(link, `${prefix}/nothing-subscribes`)
  const isReported = reasonCode === 0x10
  const unreported = info.protocolVersion === 5 ? 'a request waits for its timeout' : 'MQTT 3.1.1 cannot'
  return { isSupported: isReported, detail: isReported ? 'a request fails at once' : unreported }
}

async function groups({ link, timeout }: CheckContext): Promise<Result> {
  const support = await firstValueFrom(groupSupport$(link, { timeout }))
  const details = {
    works: 'a message was delivered',
    refused: 'SUBACK refuses it',
    silent: 'nothing is delivered',
  }
  return { isSupported: support === 'works', detail: details[support] }
}

async function sharing({ link, second, prefix, timeout, info }: CheckContext): Promise<Result> {
  if (!info.sharedSubscriptions) return { detail: 'not tested: there are no shared subscriptions' }
  const topic = `${prefix}/shared`
  const shares = await collect(
    [link, second].map((member, index) => messages$(member, `$share/check/${topic}`).pipe(map(() => index))),
    () => publishMany(link, topic, exchanges),
    exchanges,
    timeout,
  )
  const [first, other] = [0, 1].map((index) => shares.filter((share) => share === index).length)
  const isComplete = shares.length === exchanges
  return { isSupported: isComplete, detail: `two members received ${first} and ${other} of ${exchanges}` }
}

async function retained({ link, prefix, timeout, info }: CheckContext): Promise<Result> {
  if (!info.retainAvailable) return { isSupported: false, detail: 'CONNACK rules them out' }
  const topic = `${prefix}/retained`
  await publish(link, topic, 'kept', true)
  try {
    const kept$ = link.messages$(topic).pipe(filter(({ retain }) => retain))
    const isKept = await firstValueFrom(
      merge(kept$.pipe(map(() => true)), timer(timeout).pipe(map(() => false))),
    )
    return { isSupported: isKept, detail: isKept ? 'with the flag RETAIN' : 'nothing is delivered' }
  } finally {
    await publish(link, topic, '', true)
  }
}

async function order({ link, prefix, timeout }: CheckContext): Promise<Result> {
  const topic = `${prefix}/ordered`
  const received = await collect(
    [messages$(link, topic).pipe(map(({ payload }) => Number(new TextDecoder().decode(payload))))],
    () => publishMany(link, topic, orderedMessages),
    orderedMessages,
    timeout,
  )
  const isOrdered = received.every((number, index) => index === 0 || number > (received[index - 1] ?? 0))
  const detail = `${received.length} of ${orderedMessages} messages`
  return {
    isSupported: isOrdered && received.length === orderedMessages,
    detail: `${detail}, ${isOrdered ? 'in order' : 'out of order'}`,
  }
}

async function receiveMaximum({ link, second, prefix, timeout, info }: CheckContext): Promise<Result> {
  if (info.protocolVersion !== 5) return { detail: 'not tested: it needs MQTT 5' }
  const topic = `${prefix}/window`
  let published: Promise<unknown> | undefined
  // Deliveries that are not acknowledged fill the window of the second client.
  const unacknowledged$ = second.subscription$(topic).pipe(
    switchMap(({ deliveries$ }) => {
      published = publishMany(link, topic, 2 * window)
      return deliveries$
    }),
    // Without a further delivery for this long, the broker waits; a far one may take longer for the first.
    completeAfter({ first: timeout, each: Math.min(timeout, 500), with: () => EMPTY }),
    scan((count) => count + 1, 0),
    startWith(0),
  )
  const count = await lastValueFrom(unacknowledged$)
  await published
  return {
    isSupported: count > 0 && count <= window,
    detail: `${count} of ${2 * window} messages at once, with a Receive Maximum of ${window}`,
  }
}

type Result = Awaited<ReturnType<CapabilityTest['run']>>

function messages$(link: Link, topicFilter: string): ReturnType<Link['messages$']> {
  return link.messages$(topicFilter)
}

/** Subscribes to all sources, calls `act` once the first has been subscribed, and returns what they emit. */
async function collect<A>(
  sources: readonly Observable<A>[],
  act: () => Promise<unknown>,
  most: number,
  timeout: number,
): Promise<readonly A[]> {
  // The SUBSCRIBE packets of `sources` are on their way before the first PUBLISH; a broker handles them in order.
  const collected = lastValueFrom(
    merge(
      ...sources,
      timer(100).pipe(
        tap(() => void act()),
        filter((): boolean => false),
      ) as Observable<never>,
    ).pipe(take(most), takeUntil(timer(timeout + 100)), toArray()),
  )
  return collected
}

async function publish(link: Link, topic: string, text = '', retain = false): Promise<number> {
  const { reasonCode } = await firstValueFrom(link.publish$({ topic, payload: toUtf8(text), qos: 1, retain }))
  return reasonCode
}

function publishMany(link: Link, topic: string, count: number): Promise<unknown> {
  const published$ = range(0, count).pipe(
    concatMap((number) => from([number])),
    // All at once: the broker may then handle several of them at a time.
    map((number) => publish(link, topic, String(number))),
    toArray(),
  )
  return firstValueFrom(published$).then((all) => Promise.all(all))
}

function timesText(times: readonly number[]): string {
  const percentiles = percentilesOf(times)
  return percentiles === undefined ? 'no time was measured' : percentilesText(percentiles)
}
