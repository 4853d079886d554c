import { defer, of, take, type Observable } from 'rxjs'
import type { Endpoint, EndpointTypes } from './endpoint.js'
import type { ExchangeCounts } from './exchange/counts.js'
import { exchangesOf } from './exchange/exchanges.js'
import type { Stray } from './exchange/strays.js'
import type { Link } from './link/link.js'
import type { Refusal } from './responder/refusal.js'
import type { ServedCounts } from './responder/served-counts.js'

/**
 * Replies that no open question was waiting for: late, repeated, foreign or unreadable. They were acknowledged.
 *
 * Hot; never errors. A link and a middleware around it each have their own questions, and so their own strays.
 */
export function strays$(link: Link): Observable<Stray> {
  return exchangesOf(link).strays$
}

/** Messages on request topics that no handler was given, and why. They were acknowledged. Hot; never errors. */
export function refusals$(link: Link): Observable<Refusal> {
  return exchangesOf(link).refusals$
}

/** How the exchanges of an endpoint went on this link so far, from the caller's side. */
export function countsOf<T extends EndpointTypes>(link: Link, endpoint: Endpoint<T>): ExchangeCounts {
  return { ...exchangesOf(link).tally(endpoint) }
}

/** How the requests of an endpoint went on this link so far, from the responder's side. */
export function servedCountsOf<T extends EndpointTypes>(link: Link, endpoint: Endpoint<T>): ServedCounts {
  return { ...exchangesOf(link).served(endpoint) }
}

/**
 * Emits and completes when no question is open on the link: at once, or when the last one has been settled. To leave
 * without giving up what was asked, stop asking, wait for it, then close the link.
 *
 * What waits for its turn in a `request$` has not been asked yet: end the stream of its questions instead.
 *
 * @example
 * ```ts
 * await firstValueFrom(idle$(link))
 * await link.close()
 * ```
 */
export function idle$(link: Link): Observable<void> {
  const exchanges = exchangesOf(link)
  return defer(() => (exchanges.open === 0 ? of(undefined) : exchanges.idle$.pipe(take(1))))
}
