import { invalidArgument } from '../argument.js'
import type { RequestArgument, Endpoint, EndpointTypes } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import { linkMonitorOf, type LinkMonitor } from '../link/link-monitor.js'
import type { Link } from '../link/link.js'
import { observationsOf } from '../observe/observations.js'
import type { MutableRequesterStats } from '../observe/requester-stats.js'
import type { Deadlines } from '../time/deadlines.js'
import { Exchange, type ExchangeObserver } from './exchange.js'
import { pendingRequestsOf, type PendingRequests } from './pending-requests.js'
import type { Cancellable } from './flatten.js'
import { toRules, type ExchangeOptions, type ExchangeRules } from './options.js'
import { responseHandlerFor } from './response-handler-for.js'
import type { ResponseHandler } from './response-handler.js'

/** What all exchanges of one requester share: one call of `request$`, `exchange$`, `request`, `requestMany` or `gather$`. */
export interface RequesterContext {
  readonly link: Link
  readonly monitor: LinkMonitor
  readonly deadlines: Deadlines
  readonly pendingRequests: PendingRequests
  readonly endpoint: Endpoint
  readonly rules: ExchangeRules
  readonly stats: MutableRequesterStats
  /** Creates the response handler of an exchange. */
  readonly newResponseHandler: () => ResponseHandler
}

/** The topic parameters and the value of a request. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string>>
  readonly value: unknown
}

/** Creates the context of a requester. Throws `invalid-argument` if the options are invalid. */
export function requesterContext(
  link: Link,
  endpoint: Endpoint,
  options: ExchangeOptions,
  handlerFor: (endpoint: Endpoint, rules: ExchangeRules) => () => ResponseHandler = responseHandlerFor,
): RequesterContext {
  const rules = toRules(options)
  if (rules.responseTopic !== undefined && endpoint.responseTopic !== undefined) {
    throw invalidArgument(`responseTopic is set, but ${endpoint.name} has its own: remove the option`)
  }
  return {
    link,
    monitor: linkMonitorOf(link),
    deadlines: deadlinesOf(link),
    pendingRequests: pendingRequestsOf(link),
    endpoint,
    rules,
    stats: observationsOf(link).requesterStats(endpoint),
    newResponseHandler: handlerFor(endpoint, rules),
  }
}

/** Splits the argument of a request. Without topic parameters, the argument is the value itself. */
export function toRequestParts<T extends EndpointTypes>(
  { topic }: Endpoint<T>,
  request: RequestArgument<T>,
): RequestParts {
  return topic.parameters.length === 0 ? { params: NO_PARAMS, value: request } : (request as RequestParts)
}

/** Sends one request; `observer` receives its responses, then complete or error, once. */
export function startExchange(
  requester: RequesterContext,
  parts: RequestParts,
  observer: ExchangeObserver,
): Cancellable {
  requester.stats.requested++
  let exchange: Exchange
  try {
    exchange = new Exchange(requester, parts, observer)
  } catch (thrown) {
    requester.stats.failed++
    observer.error(AntiphonError.from(thrown))
    return NOT_STARTED
  }
  exchange.start()
  return exchange
}

const NO_PARAMS = {}

const NOT_STARTED: Cancellable = { cancel: () => undefined }
