import type { Observable } from 'rxjs'
import type { Endpoint, EndpointTypes } from './endpoint.js'
import type { ExchangeCounts } from './exchange/counts.js'
import { exchangesOf } from './exchange/exchanges.js'
import type { Stray } from './exchange/strays.js'
import type { Link } from './link/link.js'
import type { Refusal } from './responder/refusal.js'

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
