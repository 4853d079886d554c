import { invalidArgument } from '../argument.js'
import type { Endpoint } from '../endpoint.js'
import type { RequestArgument, EndpointTypes } from '../endpoint-types.js'
import { AntiphonError } from '../errors.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import { linkMonitorOf, type LinkMonitor } from '../link/link-monitor.js'
import { baseOf, type BaseLink } from '../link/base-link.js'
import type { Link } from '../link/link.js'
import type { EventHub } from '../observe/event-hub.js'
import { observationsOf } from '../observe/observations.js'
import type { MutableRequesterStats } from '../observe/requester-stats.js'
import type { Deadlines } from '../time/deadlines.js'
import { Exchange, type ExchangeObserver } from './exchange.js'
import { pendingRequestsOf, type PendingRequests } from './pending-requests.js'
import type { Cancellable } from './flatten.js'
import { toRules, type ExchangeOptions, type ExchangeRules } from './options.js'
import { ManyResponses } from './many-responses.js'
import { MarkedResponses } from './marked-responses.js'
import type { SendItems } from './request-stream.js'
import { singleResponse, type ResponseHandler } from './response-handler.js'
import { RetryBudget } from './retry-budget.js'
import { RoundTrips } from './round-trips.js'

/** What all exchanges of one requester share: one call of `request$`, `exchange$`, `request`, `requestMany` or `gather$`. */
export interface RequesterContext<T extends EndpointTypes = EndpointTypes> {
  readonly link: Link
  readonly monitor: LinkMonitor
  readonly deadlines: Deadlines
  readonly pendingRequests: PendingRequests
  readonly endpoint: Endpoint<T>
  readonly rules: ExchangeRules
  readonly stats: MutableRequesterStats
  readonly events: EventHub
  /** Present if requests are retried. */
  readonly retryBudget: RetryBudget | undefined
  /** Present if requests that are too late are not sent. */
  readonly roundTrips: RoundTrips | undefined
  /** Returns whether a request that is published now waits in the queue of the link. Absent if the link does not say. */
  readonly mustWait: BaseLink['mustWait']
  /** Called with the Reason Code when the broker has acknowledged a request. */
  readonly onAcknowledged?: (reasonCode: number) => void
}

/** The topic parameters and the value of a request. */
export interface RequestParts {
  readonly params: Readonly<Record<string, string>>
  readonly value: unknown
}

/** Creates the context of a requester. Throws `invalid-argument` if the options are invalid. */
export function requesterContext<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: ExchangeOptions,
): RequesterContext<T> {
  const rules = toRules(options, endpoint)
  if (rules.responseTopic !== undefined && endpoint.responseTopic !== undefined) {
    throw invalidArgument(`options.responseTopic is set, but ${endpoint.name} has its own: remove it`)
  }
  if (endpoint.responses === 'one' && endpoint.requests === 'one' && rules.totalTimeout < Infinity) {
    const fault = `options.totalTimeout is ${rules.totalTimeout}, but ${endpoint.name} has a single response`
    throw invalidArgument(`${fault}: use timeout`)
  }
  if (endpoint.cancel === 'local' && rules.credit !== undefined && rules.credit < Infinity) {
    const fault = `options.credit is ${rules.credit}, but ${endpoint.name} has cancel: 'local'`
    throw invalidArgument(`${fault}: remove it`)
  }
  const observations = observationsOf(link)
  return {
    link,
    monitor: linkMonitorOf(link),
    deadlines: deadlinesOf(link),
    pendingRequests: pendingRequestsOf(link),
    endpoint,
    rules,
    stats: observations.requesterStats(endpoint),
    events: observations.events,
    retryBudget: rules.attempts > 1 ? new RetryBudget(link, endpoint, options.retry?.budget) : undefined,
    roundTrips: rules.skipLate ? new RoundTrips(link, endpoint) : undefined,
    mustWait: baseOf(link).mustWait,
  }
}

/** Sends one request; `observer` receives its responses, then complete or error, once. */
export function startExchange<T extends EndpointTypes>(
  requester: RequesterContext<T>,
  request: RequestArgument<T>,
  observer: ExchangeObserver,
  responses: ResponseHandler = responseHandlerFor(requester),
): Cancellable {
  requester.stats.requested++
  let exchange: Exchange
  let responseHandler = responses
  try {
    const parts = toRequestParts(requester.endpoint, request)
    const sendItems = requester.endpoint.requestStreams?.send as SendItems | undefined
    if (sendItems !== undefined) responseHandler = sendItems(parts.value, responses)
    exchange = new Exchange(requester, parts, observer, responseHandler)
  } catch (thrown) {
    requester.stats.failed++
    const error = AntiphonError.from(thrown).withContext({ endpoint: requester.endpoint.name })
    requester.events.requester?.rejected(requester, error)
    observer.error(error)
    return NOT_STARTED
  }
  exchange.start()
  responseHandler.onStarted?.(exchange)
  return exchange
}

/** Splits the argument of a request. Without topic parameters to pass, the argument is the value itself. */
export function toRequestParts(endpoint: Endpoint, request: unknown): RequestParts {
  const { correlation } = endpoint
  const parts = hasParams(endpoint) ? (request as RequestParts) : { params: NO_PARAMS, value: request }
  if (correlation.createParams === undefined) return parts
  return { params: { ...parts.params, ...correlation.createParams(parts.params) }, value: parts.value }
}

function hasParams({ topic, responseTopic, correlation: { createdParams = [] } }: Endpoint): boolean {
  const count = topic.parameters.length
  return createdParams.length === 0
    ? count > 0 || responseTopic?.isMatch !== undefined
    : topic.parameters.some((name) => !createdParams.includes(name)) ||
        responseTopic?.ownParameters.some((name) => !createdParams.includes(name)) === true
}

/** Returns the response handler of an endpoint with one or many responses. */
function responseHandlerFor({ endpoint, rules }: RequesterContext): ResponseHandler {
  if (endpoint.responses === 'one') return singleResponse
  return endpoint.isLast === undefined
    ? new ManyResponses(rules, true)
    : new MarkedResponses(rules, endpoint.isLast)
}

const NO_PARAMS = {}

const NOT_STARTED: Cancellable = { cancel: () => undefined }
