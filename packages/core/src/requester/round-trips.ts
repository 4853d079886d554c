import type { Endpoint } from '../endpoint.js'
import { baseOf, type BaseLink } from '../link/base-link.js'
import type { ConnectionInfo, Link } from '../link/link.js'
import { oncePer } from '../once-per.js'
import { LatestMinimum } from '../time/latest-minimum.js'
import type { Exchange } from './exchange.js'
import type { RequesterContext } from './requester-context.js'

/** A request while its response is measured. */
type Sample = object

/** Milliseconds after which the fastest response is measured again; the one before counts for as long. */
const PERIOD = 5_000

/** The time of the fastest of the latest responses to the requests of a link to an endpoint. */
const fastestOf = oncePer((_base: BaseLink) => oncePer((_endpoint: Endpoint) => new LatestMinimum(PERIOD)))

/**
 * Measures how long responses take, to tell which requests cannot be answered in time any more.
 *
 * It measures one request at a time, so that the others cost a comparison. The fastest response counts: a request is
 * hopeless only if no recent one was fast enough.
 */
export class RoundTrips {
  readonly #fastest: LatestMinimum
  #sample: Sample | undefined
  #sentAt = 0
  #connection: ConnectionInfo | undefined

  constructor(link: Link, endpoint: Endpoint) {
    this.#fastest = fastestOf(baseOf(link))(endpoint)
  }

  /** Notes that a request was sent. */
  onSent(request: Sample, { deadlines, monitor }: RequesterContext): void {
    if (this.#sample !== undefined) return
    this.#sample = request
    this.#sentAt = deadlines.now()
    this.#connection = monitor.connectionInfo
  }

  /** Notes the first response to a request. A response over another connection has waited for that connection. */
  onResponse(request: Sample, { deadlines, monitor }: RequesterContext): void {
    if (request !== this.#sample) return
    this.#sample = undefined
    const now = deadlines.now()
    if (this.#connection === monitor.connectionInfo) this.#fastest.add(now - this.#sentAt, now)
  }

  /** Notes that a request has settled. */
  onSettled(request: Sample): void {
    if (request === this.#sample) this.#sample = undefined
  }

  /** Returns why a request with so much time left cannot be answered in time; `undefined` if it perhaps can. */
  lateness(timeLeft: number, now: number): string | undefined {
    const fastest = this.#fastest.at(now)
    if (fastest === Infinity || timeLeft >= fastest) return undefined
    const left = Math.max(0, Math.floor(timeLeft))
    return `${left} ms are left, and the fastest of the latest responses took ${Math.ceil(fastest)} ms`
  }
}

/** Returns why a response to a request that is sent after a delay would be too late; `undefined` if it may be in time. */
export function latenessOf({ requester, timeLeft }: Exchange, delay = 0): string | undefined {
  return requester.roundTrips?.lateness(timeLeft - delay, requester.deadlines.now())
}
