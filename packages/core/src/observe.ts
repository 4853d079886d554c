import { defer, of, take, type Observable } from 'rxjs'
import type { Endpoint } from './endpoint.js'
import type { EndpointTypes } from './endpoint-types.js'
import type { RequesterStats } from './observe/requester-stats.js'
import { observationsOf } from './observe/observations.js'
import { pendingRequestsOf } from './requester/pending-requests.js'
import type { UnmatchedResponse } from './observe/unmatched-response.js'
import type { Link } from './link/link.js'
import type { IgnoredRequest } from './observe/ignored-request.js'
import type { ResponderStats } from './observe/responder-stats.js'

/**
 * Emits the responses that match no pending request: late, duplicate, unknown, unreadable or retained ones. They are
 * acknowledged.
 *
 * Hot; never errors. A link and the middleware around it share them, but each has its own pending requests: if both send
 * requests with the same response topic, the responses to one are unmatched for the other.
 */
export function unmatchedResponses$(link: Link): Observable<UnmatchedResponse> {
  return observationsOf(link).unmatchedResponses.asObservable()
}

/**
 * Emits the messages on request topics that no handler receives, with the reason. They are acknowledged.
 *
 * Hot; never errors.
 */
export function ignoredRequests$(link: Link): Observable<IgnoredRequest> {
  return observationsOf(link).ignoredRequests.asObservable()
}

/** Returns the counts of an endpoint's exchanges on this link so far, on the requester's side. */
export function requesterStats<T extends EndpointTypes>(link: Link, endpoint: Endpoint<T>): RequesterStats {
  return { ...observationsOf(link).requesterStats(endpoint) }
}

/** Returns the counts of an endpoint's requests on this link so far, on the responder's side. */
export function responderStats<T extends EndpointTypes>(link: Link, endpoint: Endpoint<T>): ResponderStats {
  return { ...observationsOf(link).responderStats(endpoint) }
}

/**
 * Emits and completes when the link, with all middleware around it, has no pending request: at once, or after the last one
 * has settled. To shut down without cancelling requests, stop sending new ones, wait for `idle$`, then close the link.
 *
 * Requests in the queue of a `request$` are not pending yet; to drain them, complete the source of `request$` instead.
 *
 * @example
 * ```ts
 * await firstValueFrom(idle$(link))
 * await link.close()
 * ```
 */
export function idle$(link: Link): Observable<void> {
  const pending = pendingRequestsOf(link)
  return defer(() => (pending.count === 0 ? of(undefined) : pending.idle$.pipe(take(1))))
}
