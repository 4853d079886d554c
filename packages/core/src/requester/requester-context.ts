import { invalidArgument } from '../argument.js'
import type { RequestArgument, Endpoint, EndpointTypes } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import type { Link } from '../link/link.js'
import type { MutableRequesterStats } from './requester-stats.js'
import { Exchange, type ExchangeObserver } from './exchange.js'
import { pendingRequestsOf, type PendingRequests } from './pending-requests.js'
import type { Started } from './flatten.js'
import { toRules, type ExchangeOptions, type ExchangeRules } from './options.js'
import { responseHandlerFor } from './response-handler-for.js'
import type { ResponseHandler } from './response-handler.js'

/** What a caller said once for all its questions. */
export interface RequesterContext {
  readonly pendingRequests: PendingRequests
  readonly endpoint: Endpoint
  readonly rules: ExchangeRules
  readonly stats: MutableRequesterStats
  /** Makes what a question does with the replies it gets. */
  readonly newResponseHandler: () => ResponseHandler
}

/** A question in its parts. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string>>
  readonly value: unknown
}

/** Checks what a caller wants, before anything is asked. */
export function requesterContext(
  link: Link,
  endpoint: Endpoint,
  options: ExchangeOptions,
  repliesFor: (endpoint: Endpoint, rules: ExchangeRules) => () => ResponseHandler = responseHandlerFor,
): RequesterContext {
  const pending = pendingRequestsOf(link)
  const rules = toRules(options)
  if (rules.responseTopic !== undefined && endpoint.responseTopic !== undefined) {
    throw invalidArgument(`${endpoint.name} decides itself where replies come: leave out responseTopic`)
  }
  return {
    pendingRequests: pending,
    endpoint,
    rules,
    stats: pending.requesterStats(endpoint),
    newResponseHandler: repliesFor(endpoint, rules),
  }
}

/** Takes a question apart; of an endpoint without topic parameters it is the value itself. */
export function toRequestParts<T extends EndpointTypes>(
  { topic }: Endpoint<T>,
  request: RequestArgument<T>,
): RequestParts {
  return topic.parameters.length === 0 ? { params: NO_PARAMS, value: request } : (request as RequestParts)
}

/** Asks one question; `outcome` hears what became of it, once. */
export function startExchange(
  requester: RequesterContext,
  parts: RequestParts,
  outcome: ExchangeObserver,
): Started {
  requester.stats.requested++
  let exchange: Exchange
  try {
    exchange = new Exchange(requester, parts, outcome)
  } catch (thrown) {
    requester.stats.failed++
    outcome.error(AntiphonError.from(thrown))
    return NOTHING_STARTED
  }
  exchange.start()
  return exchange
}

const NO_PARAMS = {}

const NOTHING_STARTED: Started = { cancel: () => undefined }
