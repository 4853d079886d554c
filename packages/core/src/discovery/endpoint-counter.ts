import { Histogram } from '../middleware/histogram.js'
import type { EventObserver } from '../observe/event-hub.js'
import type { ExchangeEvent, ObservedMessage } from '../observe/exchange-event.js'
import type { EndpointStats } from './service.js'

const NO_MESSAGE: ObservedMessage = { topic: '', bytes: 0 }

/** The counts of one endpoint. */
class Counts {
  requests = 0
  errors = 0
  lastError: EndpointStats['lastError']
  readonly processing = new Histogram()
}

/** Counts the requests of endpoints by the events of their responders. */
export class EndpointCounter implements EventObserver {
  readonly client = ''
  readonly link = ''
  readonly now: () => number
  readonly #counts: ReadonlyMap<string, Counts>

  constructor(names: readonly string[], now: () => number) {
    this.#counts = new Map(names.map((name) => [name, new Counts()]))
    this.now = now
  }

  readonly copy = (): ObservedMessage => NO_MESSAGE

  readonly receive = (event: ExchangeEvent): void => {
    if (event.side !== 'responder') return
    const counts = this.#counts.get(event.endpoint)
    if (counts === undefined) return
    if (event.kind === 'received') counts.requests++
    if (event.kind !== 'settled') return
    const { outcome, error, at, duration } = event
    if (duration !== undefined) counts.processing.record(duration)
    if (outcome === 'responded' || outcome === 'cancelled' || outcome === 'abandoned') return
    counts.errors++
    counts.lastError = { at, message: error?.message ?? outcome }
  }

  /** Returns the counts of each endpoint. */
  stats(): readonly EndpointStats[] {
    return [...this.#counts].map(([name, { requests, errors, lastError, processing }]) => {
      const { count, quantile } = processing.view()
      return {
        name,
        requests,
        errors,
        ...(lastError === undefined ? {} : { lastError }),
        processing: { count, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) },
      }
    })
  }
}
