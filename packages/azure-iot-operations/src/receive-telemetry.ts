import type { Link, Message, QoS, SubscriptionWindow } from '@antiphon/core'
import { applicationClock } from '@antiphon/core/clock'
import type { OptionRules } from '@antiphon/core/link'
import { topicTemplate } from '@antiphon/core/topic'
import { isLeft } from 'fp-ts/lib/Either.js'
import {
  catchError,
  defer,
  filter,
  NEVER,
  Observable,
  of,
  race,
  switchMap,
  take,
  takeUntil,
  tap,
  throwError,
} from 'rxjs'
import type { OperationsError } from './operations-error.js'
import { telemetryReader, type TelemetryReading } from './protocol/read-telemetry.js'
import { requireOptions } from './protocol/require-options.js'
import { toOperationsError } from './protocol/to-operations-error.js'
import { failOnRefusedUnsubscribe } from './protocol/unsubscribe-refusals.js'
import type { Telemetry } from './telemetry.js'
import { topicPattern, type TopicTokens } from './topic-pattern.js'

/** Options of a receiver. */
export interface ReceiveOptions {
  /** Levels before the topic. @defaultValue none */
  readonly topicNamespace?: string
  /** Values of tokens in the topic pattern; any other token matches every value. */
  readonly topicTokens?: TopicTokens
  /** The group of a shared subscription: each message goes to one of its receivers. @defaultValue none */
  readonly group?: string
  /** Maximum QoS of the subscription. @defaultValue 1 */
  readonly qos?: QoS
  /**
   * When a message is acknowledged: `automatic`, when the subscriber of the stream has received it; or `manual`, by its
   * `acknowledge` function, so that the broker delivers it again after a crash. @defaultValue 'automatic'
   */
  readonly acknowledge?: 'automatic' | 'manual'
  /** Called for each message that is acknowledged and not emitted, because it breaks the protocol or does not decode. */
  readonly onIgnored?: (ignored: IgnoredTelemetry) => void
  /** Called when the broker has acknowledged the subscription; again after each lost session. */
  readonly onSubscribed?: () => void
  /** Unsubscribes when it emits; the stream completes when the broker has acknowledged that. */
  readonly drain$?: Observable<unknown>
}

/** A message that is not emitted. */
export interface IgnoredTelemetry {
  readonly message: Message
  readonly error: OperationsError
}

/** A received telemetry message. */
export interface ReceivedTelemetry<T> extends TelemetryReading<T> {
  /** Acknowledges the message, in the order of receipt; without effect unless `acknowledge` is `manual`. Idempotent. */
  readonly acknowledge: () => void
}

const optionRules: OptionRules<ReceiveOptions> = {
  topicNamespace: 'string',
  topicTokens: 'object',
  group: 'string',
  qos: [0, 1, 2],
  acknowledge: ['automatic', 'manual'],
  onIgnored: 'function',
  onSubscribed: 'function',
  drain$: 'object',
}

/**
 * Subscribes to telemetry and emits its messages.
 *
 * Throws `invalid-configuration` if an option, pattern or token is invalid.
 *
 * - *on subscribe*: opens the link and subscribes to the topic.
 * - *next*: a decoded message.
 * - *complete*: the receiver has been drained, or the link was closed.
 * - *error*: an `OperationsError`: the broker refused the subscription, or, while draining, to end it.
 * - *unsubscribe*: unsubscribes from the topic. The broker delivers what is not acknowledged again.
 *
 * @example
 * ```ts
 * receiveTelemetry$(link, force).subscribe(({ value, topicTokens }) => console.log(topicTokens['senderId'], value))
 * ```
 */
export function receiveTelemetry$<T, Sent>(
  link: Link,
  telemetry: Telemetry<T, Sent>,
  options: ReceiveOptions = {},
): Observable<ReceivedTelemetry<T>> {
  requireOptions(options, optionRules)
  const { topicNamespace, topicTokens = {}, group, qos = 1, drain$ = NEVER } = options
  const { acknowledge = 'automatic', onIgnored, onSubscribed } = options
  const { template } = topicPattern({
    property: 'topicPattern',
    pattern: telemetry.topicPattern,
    topicNamespace,
    topicTokens,
  })
  const topics = topicTemplate<string>(template)
  const topicFilter = group === undefined ? topics.filter() : `$share/${group}/${topics.filter()}`
  const read = telemetryReader(telemetry.payload, {
    topics,
    topicTokens,
    clock: applicationClock(link.scheduler),
  })

  const received$ = ({ deliveries$ }: SubscriptionWindow): Observable<ReceivedTelemetry<T>> =>
    new Observable((subscriber) => {
      const subscription = deliveries$.subscribe({
        next: (delivery) => {
          // A subscriber that unsubscribed during a synchronous emission has not received its remaining messages.
          if (subscriber.closed) return
          const reading = read(delivery.message)
          if (isLeft(reading)) {
            delivery.acknowledge()
            onIgnored?.({ message: delivery.message, error: reading.left })
            return
          }
          try {
            subscriber.next({
              ...reading.right,
              acknowledge: acknowledge === 'manual' ? delivery.acknowledge : () => undefined,
            })
          } finally {
            if (acknowledge === 'automatic') delivery.acknowledge()
          }
        },
        complete: () => subscriber.complete(),
      })
      onSubscribed?.()
      return subscription
    })

  return defer(() => {
    let open: SubscriptionWindow | undefined
    const ended$ = drain$.pipe(
      take(1),
      switchMap(() => (open === undefined ? of(undefined) : race(open.unsubscribe$, disconnected$(link)))),
    )
    return link.subscription$(topicFilter, { qos }).pipe(
      tap((window) => {
        open = window
      }),
      switchMap(received$),
      failOnRefusedUnsubscribe(link, topicFilter),
      takeUntil(ended$),
    )
  }).pipe(catchError((error: unknown) => throwError(() => toOperationsError(error))))
}

/** Emits when the link is not connected. */
function disconnected$({ state$ }: Link): Observable<unknown> {
  return state$.pipe(filter(({ status }) => status !== 'online'))
}
