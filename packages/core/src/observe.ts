import { defer, of, take, type Observable } from 'rxjs'
import type { Endpoint, EndpointTypes } from './endpoint.js'
import type { RequesterStats } from './requester/requester-stats.js'
import { pendingRequestsOf } from './requester/pending-requests.js'
import type { UnmatchedResponse } from './requester/unmatched-response.js'
import type { Link } from './link/link.js'
import type { IgnoredRequest } from './responder/ignored-request.js'
import type { ResponderStats } from './responder/responder-stats.js'

/**
 * Replies that no open question was waiting for: late, repeated, foreign or unreadable. They were acknowledged.
 *
 * Hot; never errors. A link and a middleware around it each have their own questions, and so their own strays.
 */
export function unmatchedResponses$(link: Link): Observable<UnmatchedResponse> {
  return pendingRequestsOf(link).unmatchedResponses$
}

/** Messages on request topics that no handler was given, and why. They were acknowledged. Hot; never errors. */
export function ignoredRequests$(link: Link): Observable<IgnoredRequest> {
  return pendingRequestsOf(link).ignoredRequests$
}

/** How the exchanges of an endpoint went on this link so far, from the caller's side. */
export function requesterStats<T extends EndpointTypes>(link: Link, endpoint: Endpoint<T>): RequesterStats {
  return { ...pendingRequestsOf(link).requesterStats(endpoint) }
}

/** How the requests of an endpoint went on this link so far, from the responder's side. */
export function responderStats<T extends EndpointTypes>(link: Link, endpoint: Endpoint<T>): ResponderStats {
  return { ...pendingRequestsOf(link).responderStats(endpoint) }
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
  const pending = pendingRequestsOf(link)
  return defer(() => (pending.pendingCount === 0 ? of(undefined) : pending.idle$.pipe(take(1))))
}
