import { Subject } from 'rxjs'
import type { Endpoint } from '../endpoint.js'
import type { ErrorCode } from '../errors.js'
import { baseOf, type BaseLink } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import { oncePer } from '../once-per.js'
import type { RequestIdentity } from '../protocol/control-message.js'
import { EventHub } from './event-hub.js'
import type { IgnoredRequest } from './ignored-request.js'
import { newRequesterStats, type MutableRequesterStats } from './requester-stats.js'
import { newResponderStats, type MutableResponderStats } from './responder-stats.js'
import type { UnmatchedResponse } from './unmatched-response.js'

/** A published request that was cancelled, with the error code if an error is the reason. */
export interface CancelledRequest extends RequestIdentity {
  readonly reason: ErrorCode | undefined
}

/** What the requesters and responders of a link report to observers: counts per endpoint, and messages without effect. */
export class Observations {
  readonly unmatchedResponses: Subject<UnmatchedResponse> = new Subject()
  readonly ignoredRequests: Subject<IgnoredRequest> = new Subject()
  /** Emits published requests for which no response is expected any more, for middleware that tracks exchanges. */
  readonly cancelledRequests: Subject<CancelledRequest> = new Subject()
  /** The events of exchanges, for `observed` and `metered`. */
  readonly events: EventHub = new EventHub()
  /** Returns the mutable counts of an endpoint's exchanges. */
  readonly requesterStats: (endpoint: Endpoint) => MutableRequesterStats = perEndpoint(newRequesterStats)
  /** Returns the mutable counts of an endpoint's requests in its responders. */
  readonly responderStats: (endpoint: Endpoint) => MutableResponderStats = perEndpoint(newResponderStats)
}

/** Like `oncePer` for endpoints; the variants of an endpoint, which share its topic, share the value. */
function perEndpoint<A extends object>(create: () => A): (endpoint: Endpoint) => A {
  const valueOf = oncePer<object, A>(create)
  return ({ topic }) => valueOf(topic)
}

const observationsOfBase: (base: BaseLink) => Observations = oncePer(() => new Observations())

/** Returns the `Observations` of a link, which it shares with all middleware around it. */
export function observationsOf(link: Link): Observations {
  return observationsOfBase(baseOf(link))
}
