import { defer, finalize, tap } from 'rxjs'
import { requireArgument } from '../argument.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { LinkMiddleware } from '../link/link.js'
import type { Message, OutgoingMessage } from '../message.js'
import { observationsOf } from '../observe/observations.js'
import { isAcceptance, isCancel, isControlMessage, identityKey } from '../protocol/control-message.js'
import type { Deadlines } from '../time/deadlines.js'
import { Histogram, type HistogramView } from './histogram.js'
import { linkMiddleware } from './link-middleware.js'
import { exchangeKey, PendingExchanges } from './pending-exchanges.js'

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
  /** Requests that wait for a response; those whose response does not arrive, until they expire. */
  readonly pendingExchanges: number
  /** Milliseconds from a request to its first response. */
  readonly exchange: HistogramView
}

/** Collects the metrics of the links that `metered` wraps with it. */
export class Meter {
  readonly #acknowledgement = new Histogram()
  readonly #exchange = new Histogram()
  readonly #pending = new PendingExchanges<number>()
  #published = 0
  #publishedBytes = 0
  #settled = 0
  #acknowledged = 0
  #received = 0
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
      pendingExchanges: this.#pending.size,
      exchange: this.#exchange.view(),
    }
  }

  /** @internal Counts a message that is being published. */
  sent(message: OutgoingMessage, deadlines: Deadlines): void {
    this.#published++
    this.#publishedBytes += message.payload.length
    const key = requestKey(message)
    if (key === undefined) return
    if (isCancel(message)) this.#pending.take(key)
    else if (!isControlMessage(message)) this.#pending.add(key, deadlines.now(), message, deadlines)
  }

  /** @internal Counts an acknowledgement. */
  acknowledged(milliseconds: number): void {
    this.#acknowledged++
    this.#acknowledgement.record(milliseconds)
  }

  /** @internal Closes the exchange of a request that was refused or lost. */
  failed(message: OutgoingMessage): void {
    const key = requestKey(message)
    if (key !== undefined && !isControlMessage(message)) this.#pending.take(key)
  }

  /** @internal Closes the exchange of a request that was cancelled, although its cancel may be sent later or never. */
  cancelled(key: string): void {
    this.#pending.take(key)
  }

  /** @internal Counts a publish that has completed, failed or been unsubscribed. */
  settled(): void {
    this.#settled++
  }

  /** @internal Counts a received message. */
  received(message: Message, now: number): void {
    this.#received++
    this.#receivedBytes += message.payload.length
    if (isAcceptance(message)) return
    const since = this.#pending.take(exchangeKey(message.topic, message) ?? '')
    if (since !== undefined) this.#exchange.record(now - since)
  }
}

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
    const deadlines = deadlinesOf(link)
    const { now } = deadlines
    observationsOf(link).cancelledRequests.subscribe((request) => meter.cancelled(identityKey(request)))
    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          const since = now()
          meter.sent(message, deadlines)
          return next(message).pipe(
            tap({ next: () => meter.acknowledged(now() - since), error: () => meter.failed(message) }),
            finalize(() => meter.settled()),
          )
        }),
      deliveries$: (deliveries$) => deliveries$.pipe(tap(({ message }) => meter.received(message, now()))),
    })(link)
  }
}

function requestKey(message: OutgoingMessage): string | undefined {
  return message.responseTopic === undefined ? undefined : exchangeKey(message.responseTopic, message)
}
