import type { ExchangeEvent } from '@antiphon/core/events'
import { EndpointSeries } from './endpoint-series.js'
import { ExchangeRow } from './exchange-row.js'

/** The limits of a log; the oldest entries are dropped first. */
export interface LogBounds {
  readonly exchanges: number
  readonly events: number
  readonly endpoints: number
}

const DEFAULT_BOUNDS: LogBounds = { exchanges: 10_000, events: 1_000, endpoints: 200 }

/**
 * The exchanges that events tell of, in bounded memory.
 *
 * @example
 * ```ts
 * const log = new ExchangeLog()
 * await readRecording('exchanges.ndjson', (event) => log.add(event))
 * ```
 */
export class ExchangeLog {
  /** In the order of their first event. */
  readonly rows: ExchangeRow[] = []
  /** Unmatched responses, and incidents. */
  readonly faults: ExchangeEvent[] = []
  /** Changes of connections. */
  readonly connections: ExchangeEvent[] = []
  readonly series: Map<string, EndpointSeries> = new Map()
  events = 0
  /** The time of the latest event. */
  latestAt = 0
  /** Events that were lost before they arrived here. */
  dropped = 0
  /** Exchanges that this log no longer has. */
  forgotten = 0
  readonly #bounds: LogBounds
  readonly #byNumber = new Map<string, ExchangeRow>()
  readonly #byCorrelation = new Map<string, ExchangeRow>()
  readonly #keys = new Map<ExchangeRow, string[]>()
  #latestId = 0

  constructor(bounds: Partial<LogBounds> = {}) {
    this.#bounds = { ...DEFAULT_BOUNDS, ...bounds }
  }

  /** Adds an event to the row of its exchange. */
  add(event: ExchangeEvent): void {
    this.events++
    this.latestAt = Math.max(this.latestAt, event.at)
    if (event.side === 'link') return this.#addLinkEvent(event)
    const row = this.#rowOf(event)
    const wasPending = row.isPending
    row.add(event)
    if (wasPending && !row.isPending) this.#count(row)
  }

  /** Returns the connection events that concern an exchange while it lasted. */
  connectionsDuring({ links, startedAt, settledAt = Infinity }: ExchangeRow): readonly ExchangeEvent[] {
    return this.connections.filter(({ link, at }) => links.has(link) && at >= startedAt && at <= settledAt)
  }

  #addLinkEvent(event: ExchangeEvent & { readonly side: 'link' }): void {
    if (event.kind === 'dropped') this.dropped += event.count
    else if (event.kind === 'unmatched' || event.kind === 'incident') this.#push(this.faults, event)
    else this.#push(this.connections, event)
  }

  #push(list: ExchangeEvent[], event: ExchangeEvent): void {
    list.push(event)
    if (list.length > this.#bounds.events) list.shift()
  }

  #rowOf(event: ExchangeEvent & { readonly side: 'requester' | 'responder' }): ExchangeRow {
    const number = 'exchange' in event ? `${event.side} ${event.link} ${event.exchange}` : undefined
    // The token is empty if the topic alone identifies an exchange.
    const token = 'correlation' in event && event.correlation !== '' ? event.correlation : undefined
    const known = number === undefined ? undefined : this.#byNumber.get(number)
    const paired = token === undefined ? undefined : this.#byCorrelation.get(token)
    // The events of the responder may arrive first: its row becomes a part of the requester's.
    if (known !== undefined && paired !== undefined && known !== paired) this.#merge(paired, known)
    const row = known ?? paired ?? this.#create(event.at)
    if (number !== undefined && known === undefined) this.#index(this.#byNumber, number, row)
    if (token !== undefined && paired !== row) this.#index(this.#byCorrelation, token, row)
    return row
  }

  #create(at: number): ExchangeRow {
    const row = new ExchangeRow(++this.#latestId, at)
    this.rows.push(row)
    // In blocks, since removing from the front takes as long as the list is.
    const excess = this.rows.length - this.#bounds.exchanges
    if (excess > this.#bounds.exchanges / 10)
      for (const old of this.rows.splice(0, excess)) {
        this.#forget(old)
        this.forgotten++
      }
    return row
  }

  #index(map: Map<string, ExchangeRow>, key: string, row: ExchangeRow): void {
    map.set(key, row)
    const keys = this.#keys.get(row)
    if (keys === undefined) this.#keys.set(row, [key])
    else keys.push(key)
  }

  #forget(row: ExchangeRow): void {
    for (const key of this.#keys.get(row) ?? []) {
      if (this.#byNumber.get(key) === row) this.#byNumber.delete(key)
      if (this.#byCorrelation.get(key) === row) this.#byCorrelation.delete(key)
    }
    this.#keys.delete(row)
  }

  #merge(source: ExchangeRow, target: ExchangeRow): void {
    const keys = this.#keys.get(source) ?? []
    for (const event of source.events) target.add(event)
    for (const key of keys) {
      if (this.#byNumber.get(key) === source) this.#index(this.#byNumber, key, target)
      if (this.#byCorrelation.get(key) === source) this.#index(this.#byCorrelation, key, target)
    }
    this.#keys.delete(source)
    const index = this.rows.lastIndexOf(source)
    if (index >= 0) this.rows.splice(index, 1)
  }

  #count({ endpoint, settledAt = 0, duration = 0, outcome }: ExchangeRow): void {
    let series = this.series.get(endpoint)
    if (series === undefined) {
      // A flood of names must not fill the memory.
      if (this.series.size >= this.#bounds.endpoints) return
      series = new EndpointSeries(endpoint)
      this.series.set(endpoint, series)
    }
    series.add(settledAt, duration, outcome !== 'responded')
  }
}
