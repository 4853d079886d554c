import { defer, finalize, tap } from 'rxjs'
import { requireArgument } from '../argument.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { LinkMiddleware } from '../link/link.js'
import type { Message, OutgoingMessage } from '../message.js'
import type { EventObserver } from '../observe/event-hub.js'
import type { ExchangeEvent, ObservedMessage } from '../observe/exchange-event.js'
import { observeExchanges } from '../observe/observe-exchanges.js'
import { Histogram, type HistogramView } from './histogram.js'
import { linkMiddleware } from './link-middleware.js'

/** Metrics of a link's messages and exchanges so far. */
export interface Metrics {
  readonly published: number
  readonly publishedBytes: number
  /** Published messages that are neither acknowledged nor failed. */
  readonly inFlight: number
  readonly acknowledged: number
  /** Published messages that were refused, lost or unsubscribed before their acknowledgement. */
  readonly unacknowledged: number
  /** Milliseconds from publishing to acknowledgement. */
  readonly acknowledgement: HistogramView
  readonly received: number
  readonly receivedBytes: number
  /** Requests that were sent and wait for a response, also through other middleware around the link. */
  readonly pendingExchanges: number
  /** Milliseconds from a request to its first response. */
  readonly exchange: HistogramView
}

/** Collects the metrics of the links that `metered` wraps with it. */
export class Meter {
  readonly #acknowledgement = new Histogram()
  readonly #exchange = new Histogram()
  #published = 0
  #publishedBytes = 0
  #settled = 0
  #acknowledged = 0
  #received = 0
  #pending = 0
  #receivedBytes = 0

  /** Returns the current metrics. */
  metrics(): Metrics {
    return {
      published: this.#published,
      publishedBytes: this.#publishedBytes,
      inFlight: this.#published - this.#settled,
      acknowledged: this.#acknowledged,
      unacknowledged: this.#settled - this.#acknowledged,
      acknowledgement: this.#acknowledgement.view(),
      received: this.#received,
      receivedBytes: this.#receivedBytes,
      pendingExchanges: this.#pending,
      exchange: this.#exchange.view(),
    }
  }

  /** @internal Counts a message that is being published. */
  sent({ payload }: OutgoingMessage): void {
    this.#published++
    this.#publishedBytes += payload.length
  }

  /** @internal Counts an acknowledgement. */
  acknowledged(milliseconds: number): void {
    this.#acknowledged++
    this.#acknowledgement.record(milliseconds)
  }

  /** @internal Counts a publish that has completed, failed or been unsubscribed. */
  settled(): void {
    this.#settled++
  }

  /** @internal Counts a received message. */
  received({ payload }: Message): void {
    this.#received++
    this.#receivedBytes += payload.length
  }

  /** @internal Counts a request that waits for its response. */
  exchangeSent(): void {
    this.#pending++
  }

  /** @internal Counts a request that waits no longer, after these milliseconds if it has a response. */
  exchangeEnded(milliseconds?: number): void {
    this.#pending--
    if (milliseconds !== undefined) this.#exchange.record(milliseconds)
  }
}

/** Returns an observer that counts the exchanges of a link. */
function exchangeObserver(meter: Meter, now: () => number): EventObserver {
  const sentAt = new Map<number, number>()
  const receive = (event: ExchangeEvent): void => {
    if (event.side !== 'requester') return
    const { kind, exchange, at } = event
    if (kind === 'sent') {
      sentAt.set(exchange, at)
      meter.exchangeSent()
      return
    }
    const since = sentAt.get(exchange)
    if (since === undefined || (kind !== 'settled' && kind !== 'received')) return
    sentAt.delete(exchange)
    meter.exchangeEnded(kind === 'received' ? at - since : undefined)
  }
  return { now, client: '', link: '', copy: () => NO_MESSAGE, receive }
}

const NO_MESSAGE: ObservedMessage = { topic: '', bytes: 0 }

/**
 * Counts and times the messages and exchanges of a link; read the metrics from `meter`.
 *
 * @example
 * ```ts
 * const meter = new Meter()
 * const link = pipe(connect(url), metered(meter))
 * const p99 = meter.metrics().exchange.quantile(0.99)
 * ```
 */
export function metered(meter: Meter): LinkMiddleware {
  requireArgument('meter', meter, 'object')
  return (link) => {
    const { now } = deadlinesOf(link)
    const remove = observeExchanges(link, exchangeObserver(meter, now))
    link.incidents$.subscribe({ complete: remove })
    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          const since = now()
          meter.sent(message)
          return next(message).pipe(
            tap({ next: () => meter.acknowledged(now() - since) }),
            finalize(() => meter.settled()),
          )
        }),
      deliveries$: (deliveries$) => deliveries$.pipe(tap(({ message }) => meter.received(message))),
    })(link)
  }
}
