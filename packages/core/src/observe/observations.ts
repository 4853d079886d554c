import { Subject } from 'rxjs'
import type { Endpoint } from '../endpoint.js'
import type { Link } from '../link/link.js'
import { perLink } from '../link/per-link.js'
import type { IgnoredRequest } from './ignored-request.js'
import { newRequesterStats, type MutableRequesterStats } from './requester-stats.js'
import { newResponderStats, type MutableResponderStats } from './responder-stats.js'
import type { UnmatchedResponse } from './unmatched-response.js'

/** What the requesters and responders of a link report to observers: counts per endpoint, and messages without effect. */
export class Observations {
  readonly unmatchedResponses: Subject<UnmatchedResponse> = new Subject()
  readonly ignoredRequests: Subject<IgnoredRequest> = new Subject()
  /** Returns the mutable counts of an endpoint's exchanges. */
  readonly requesterStats: (endpoint: Endpoint) => MutableRequesterStats = perEndpoint(newRequesterStats)
  /** Returns the mutable counts of an endpoint's requests in its responders. */
  readonly responderStats: (endpoint: Endpoint) => MutableResponderStats = perEndpoint(newResponderStats)
}

/** Returns the `Observations` of a link, of which there is one. */
export const observationsOf: (link: Link) => Observations = perLink(() => new Observations())

function perEndpoint<A extends object>(create: () => A): (endpoint: Endpoint) => A {
  const values = new WeakMap<Endpoint, A>()
  return (endpoint) => {
    const existing = values.get(endpoint)
    if (existing !== undefined) return existing
    const value = create()
    values.set(endpoint, value)
    return value
  }
}
