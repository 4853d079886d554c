import { defer, finalize, tap } from 'rxjs'
import type { LinkMiddleware } from '../link/link.js'
import type { Message, OutgoingMessage } from '../message.js'
import { Histogram, type HistogramView } from './histogram.js'
import { linkMiddleware } from './link-middleware.js'
import { exchangeKey, OpenExchanges } from './open-exchanges.js'

/** What has passed through a link so far. */
export interface Metrics {
  readonly published: number
  readonly publishedBytes: number
  /** Published, and nothing heard of since. */
  readonly inFlight: number
  readonly acknowledged: number
  /** Refused, lost or given up. */
  readonly unacknowledged: number
  /** Milliseconds from publish to acknowledgement. */
  readonly acknowledgement: HistogramView
  readonly received: number
  readonly receivedBytes: number
  /** Questions that wait for their answer. */
  readonly openExchanges: number
  /** Milliseconds from a question to its first answer. */
  readonly exchange: HistogramView
}

/** Keeps the figures of the links it is put into by `metered`. */
export class Meter {
  readonly #acknowledgement = new Histogram()
  readonly #exchange = new Histogram()
  readonly #open = new OpenExchanges<number>()
  #published = 0
  #publishedBytes = 0
  #settled = 0
  #acknowledged = 0
  #received = 0
  #receivedBytes = 0

  /** The figures as they stand. */
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
      openExchanges: this.#open.size,
      exchange: this.#exchange.view(),
    }
  }

  /** @internal A message is on its way out. */
  sent(message: OutgoingMessage, now: number): void {
    this.#published++
    this.#publishedBytes += message.payload.length
    if (message.responseTopic === undefined) return
    const key = exchangeKey(message.responseTopic, message)
    if (key !== undefined) this.#open.add(key, now)
  }

  /** @internal A message was acknowledged. */
  acknowledged(milliseconds: number): void {
    this.#acknowledged++
    this.#acknowledgement.record(milliseconds)
  }

  /** @internal Nothing more will be heard of a message. */
  settled(): void {
    this.#settled++
  }

  /** @internal A message came in. */
  received(message: Message, now: number): void {
    this.#received++
    this.#receivedBytes += message.payload.length
    const since = this.#open.take(exchangeKey(message.topic, message) ?? '')
    if (since !== undefined) this.#exchange.record(now - since)
  }
}

/**
 * Counts and times what passes through a link; the meter tells at any time.
 *
 * @example
 * ```ts
 * const meter = new Meter()
 * const link = pipe(connect(url), metered(meter))
 * const slowest = meter.metrics().exchange.quantile(0.99)
 * ```
 */
export function metered(meter: Meter): LinkMiddleware {
  return (link) => {
    const now = (): number => link.scheduler.now()
    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          const since = now()
          meter.sent(message, since)
          return next(message).pipe(
            tap(() => meter.acknowledged(now() - since)),
            finalize(() => meter.settled()),
          )
        }),
      deliveries$: (deliveries$) => deliveries$.pipe(tap(({ message }) => meter.received(message, now()))),
    })(link)
  }
}
