import {
  requests$,
  serve,
  type Codec,
  type Endpoint,
  type EndpointTypes,
  type Link,
  type Message,
  type ServeRecord,
  type SubscriptionWindow,
  type TopicTemplate,
} from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { topicTemplate } from '@antiphon/core/topic'
import { isLeft } from 'fp-ts/lib/Either.js'
import {
  catchError,
  defer,
  delay,
  EMPTY,
  filter,
  ignoreElements,
  merge,
  mergeMap,
  of,
  takeUntil,
  throwError,
} from 'rxjs'
import type { Observable } from 'rxjs'
import { AntiphonContext } from './antiphon-context.js'
import { toHandlerError } from './errors.js'
import type { SplitOptions } from './handler-options.js'
import { isEndpoint, topicsOf } from './pattern.js'
import { endpointWire, type Wire } from './wire/wire.js'

/** What serves the messages of one pattern. */
export interface Serving {
  readonly link: Link
  readonly pattern: string | Endpoint
  readonly isEventHandler: boolean
  readonly wire: Wire
  readonly topicPrefix: string
  readonly options: SplitOptions
  /** Calls the handler and emits what `toResponses` makes of its result. */
  readonly invoke: (
    data: unknown,
    context: AntiphonContext,
    toResponses: Wire['toResponses'],
  ) => Observable<unknown>
  readonly drain$: Observable<unknown>
  readonly onSubscribed: () => void
  /** Called with an event that does not decode, and with the error of an event handler. */
  readonly onEventFailed: (message: Message, error: unknown) => void
}

/** How the messages of a pattern are read. */
interface Route extends Pick<Wire, 'dataOf' | 'toResponses'> {
  readonly group: string | undefined
  readonly topic: TopicTemplate
  readonly endpoint: () => Endpoint
  readonly events: Codec<unknown>
}

/** Serves the requests or the events of a pattern until it has drained. Emits how the requests were served. */
export function served$(serving: Serving): Observable<ServeRecord> {
  const route = routeOf(serving)
  return serving.isEventHandler ? servedEvents$(serving, route) : servedRequests$(serving, route)
}

function routeOf({ pattern, wire, topicPrefix, options: { subscription } }: Serving): Route {
  if (isEndpoint(pattern)) {
    const { topic, request: events } = pattern
    return { ...endpointWire, group: subscription.group, topic, endpoint: () => pattern, events }
  }
  const { group, template } = topicsOf(pattern, topicPrefix)
  return {
    group: subscription.group ?? group,
    topic: topicTemplate<string>(template),
    endpoint: () => wire.endpoint(pattern, template),
    events: wire.events,
    dataOf: wire.dataOf,
    toResponses: wire.toResponses,
  }
}

function servedRequests$(
  { link, invoke, options: { subscription, serving }, drain$, onSubscribed }: Serving,
  { endpoint, group, dataOf, toResponses }: Route,
): Observable<ServeRecord> {
  const options = { ...subscription, ...(group !== undefined && { group }), drain$, onSubscribed }
  return requests$<EndpointTypes>(link, endpoint(), options).pipe(
    serve<EndpointTypes>((request) => {
      const params = request.params as Readonly<Record<string, string>>
      const context = new AntiphonContext([request.message, params, request])
      return invoke(dataOf(request.value), context, toResponses).pipe(
        catchError((error: unknown) => throwError(() => toHandlerError(error))),
      )
    }, serving),
  )
}

/** Retained messages are events as well, unlike requests. */
function servedEvents$(
  { link, invoke, options: { subscription }, drain$, onSubscribed, onEventFailed }: Serving,
  { topic, group, events, dataOf, toResponses }: Route,
): Observable<never> {
  const { params, qos = 1, drainTimeout = 30_000 } = subscription
  const requested = topic.filter(params)
  const handle = (message: Message): Observable<unknown> => {
    const decoded = decodeWith(events, message.payload, message.contentType)
    if (isLeft(decoded)) {
      onEventFailed(message, decoded.left)
      return EMPTY
    }
    const context = new AntiphonContext([message, topic.match(message.topic) ?? {}, undefined])
    return invoke(dataOf(decoded.right), context, toResponses).pipe(
      catchError((error: unknown) => {
        onEventFailed(message, error)
        return EMPTY
      }),
    )
  }
  return defer(() => {
    let window: SubscriptionWindow | undefined
    const left$ = drain$.pipe(mergeMap(() => leave$(link, window)))
    return link.subscription$(group === undefined ? requested : `$share/${group}/${requested}`, { qos }).pipe(
      mergeMap((opened) => {
        window = opened
        // Deliveries are hot, so they are subscribed to first.
        return merge(opened.deliveries$, effect$(onSubscribed))
      }),
      takeUntil(left$),
      // Acknowledged once the handler has started, as requests are.
      mergeMap(({ message, acknowledge }) => merge(handle(message), effect$(acknowledge))),
      ignoreElements(),
      takeUntil(drain$.pipe(delay(drainTimeout, link.scheduler))),
    )
  })
}

/** Unsubscribes, and emits when the broker has sent all that it had for this client, or is away. */
function leave$(link: Link, window: SubscriptionWindow | undefined): Observable<unknown> {
  const isAway$ = link.state$.pipe(filter(({ status }) => status !== 'online'))
  return window === undefined ? of(undefined) : merge(window.unsubscribe$, isAway$)
}

/** Calls a function when it is subscribed to. */
function effect$(call: () => void): Observable<never> {
  return defer(() => {
    call()
    return EMPTY
  })
}
