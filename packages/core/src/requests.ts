import { Observable } from 'rxjs'
import { invalidArgument, requireArgument } from './argument.js'
import { transferBoundRules, type TransferBounds } from './chunk/transfers.js'
import type { Endpoint } from './endpoint.js'
import type { EndpointTypes } from './endpoint-types.js'
import type { Link, SubscribeOptions } from './link/link.js'
import type { QoS } from './message.js'
import { type OptionRules, sizeRule, wholeNumberRule } from './option-rules.js'
import type { Authenticate } from './responder/authentication.js'
import type { HeaderRule } from './responder/header-rule.js'
import type { ReceivedRequest } from './responder/received-request.js'
import { RequestSource, type DrainMode, type RequestSourceOptions } from './responder/request-source.js'
import type { AcknowledgeMode } from './responder/responder-context.js'
import type { ResponseCacheBounds } from './responder/response-cache.js'
import type { ResponseTopicRule } from './responder/response-topic-rule.js'
import { isSharedFilter } from './topic/topic-filter.js'
import { validateTopicName } from './topic/topic-name.js'

/** How `requests$` is stopped without losing requests. */
export interface DrainOptions {
  /** Drains the responder when it emits: running requests are finished, then the stream completes. */
  readonly drain$?: Observable<unknown>
  /**
   * What draining does to the subscription.
   *
   * - `leave`: unsubscribes, and handles what the broker has already assigned to this client.
   * - `pause`: keeps the subscription. New requests stay at the broker, in the client's session, for the next start; close
   *   the link when the stream has completed.
   *
   * @defaultValue 'pause' if the session is kept after `close()` and there is no group, otherwise 'leave'
   */
  readonly drainBy?: DrainMode
  /**
   * Milliseconds that draining may take. Then requests that are acknowledged are answered 503, and the others stay
   * unacknowledged at the broker. @defaultValue 30 000
   */
  readonly drainTimeout?: number
}

/** Options of `requests$`. */
export interface RequestsOptions<T extends EndpointTypes> extends DrainOptions {
  /** Values of topic parameters, such as the device's own id; all other parameters match any value. */
  readonly params?: Partial<T['params']>
  /** The topic filter to subscribe to, if the broker requires another one than the endpoint's. */
  readonly filter?: string
  /** The group of a shared subscription: each request goes to one of the responders in the group. */
  readonly group?: string
  /** Maximum QoS of the subscription. @defaultValue 1 */
  readonly qos?: QoS
  /** Ignores requests that this client sends itself. Not allowed with a group. @defaultValue false */
  readonly noLocal?: boolean
  /**
   * Called when the broker has acknowledged the subscription, so that it delivers requests; again after each lost session.
   */
  readonly onSubscribed?: () => void
  /** The response topics that are allowed. @defaultValue all that neither start with `$` nor match the request filter */
  readonly responseTopics?: ResponseTopicRule
  /** Checks the headers of requests beyond what the protocol requires, such as `mrpcHeaders`. @defaultValue no check */
  readonly headers?: HeaderRule
  /**
   * Decides who sent a request, and whether it is handled: synchronously, or as a promise or an Observable. The handler gets
   * `principal`; with `refuse`, the requester gets status 401 or 403. If it fails, the requester gets 500.
   * @defaultValue every request is handled
   */
  readonly authenticate?: Authenticate<T>
  /** Limits of the cache from which duplicate requests are answered. */
  readonly responseCache?: ResponseCacheBounds
  /** Limits of requests that arrive in chunks because they exceed the broker's Maximum Packet Size. */
  readonly transfers?: TransferBounds
  /**
   * When a request is acknowledged, always in the order of receipt.
   *
   * - `on-start`: when its handler starts, or when it waits only for earlier requests with its key. Requests that wait for
   *   room stay unacknowledged, so that the broker's window limits how many there are.
   * - `after-response`: when its response has reached the broker, so that a crash repeats it. One slow handler or open
   *   stream then holds back all later acknowledgements, and once the broker's window is full, it sends nothing more; see
   *   the incident `acknowledgements-blocked`.
   * - `on-receipt`: at once, so that a crash loses it.
   *
   * @defaultValue 'on-start'
   */
  readonly acknowledge?: AcknowledgeMode
  /**
   * The topic for exchange control messages: cancels, credit and retries of requests that this responder has. It is named
   * only to requesters that send them, and subscribed when the first of them needs it; a topic that you set is subscribed
   * at once. `false` names none: cancels then stay at the requester, and requests with credit are answered 400.
   * @defaultValue `control/<clientId>`
   */
  readonly controlTopic?: string | false
  /**
   * For an endpoint of `requestStreamEndpoint`: the maximum number of items that a requester may send before the handler has
   * consumed them. @defaultValue 64
   */
  readonly credit?: number
}

/** Shared: an object for each of many endpoints would take 56 bytes. */
const DEFAULTS = {}

const DEFAULT_SUBSCRIBE_OPTIONS: SubscribeOptions = { qos: 1, noLocal: false }

/** The default of `credit`. */
const DEFAULT_ITEM_CREDIT = 64

const requestsOptionRules: OptionRules<RequestsOptions<EndpointTypes>> = {
  params: 'object',
  filter: 'string',
  group: 'string',
  qos: [0, 1, 2],
  noLocal: [true, false],
  onSubscribed: 'function',
  responseTopics: (value) =>
    Array.isArray(value) || typeof value === 'function'
      ? undefined
      : 'it must be an array of filters or a function',
  headers: 'function',
  authenticate: 'function',
  responseCache: {
    entries: sizeRule,
    bytes: sizeRule,
    ttl: sizeRule,
  } satisfies OptionRules<ResponseCacheBounds>,
  transfers: transferBoundRules,
  acknowledge: ['on-start', 'after-response', 'on-receipt'],
  controlTopic: (value) => {
    if (value === false) return undefined
    return typeof value === 'string' ? validateTopicName(value) : 'it must be a topic or false'
  },
  credit: wholeNumberRule(1, 1_000_000),
  drain$: 'object',
  drainBy: ['leave', 'pause'],
  drainTimeout: sizeRule,
}

/**
 * Subscribes to an endpoint's topic and emits its requests, to be piped into `serve`.
 *
 * Retained and malformed messages, messages whose response topic is not allowed, duplicates and cancels are not emitted;
 * see `ignoredRequests$`. A request that `serve` has not received when `next` returns is acknowledged, unless `acknowledge`
 * is `after-response`: an operator has filtered it away, or keeps it for later.
 *
 * - *on subscribe*: opens the link and subscribes to the topic. The link need not be connected.
 * - *next*: a decoded request.
 * - *complete*: the responder has been drained, or the link was closed.
 * - *error*: the broker refused the subscription, the link ended with an error, or `drain$` failed.
 * - *unsubscribe*: unsubscribes from the topic. Requests that are not acknowledged stay so, and the broker delivers them
 *   again; to finish the running requests first, use `drain$`.
 */
export function requests$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: RequestsOptions<T> = DEFAULTS,
): Observable<ReceivedRequest<T>> {
  requireArgument('options', options, requestsOptionRules)
  const requestFilter =
    options.filter ?? endpoint.topic.filter((options.params ?? {}) as Readonly<Record<string, string>>)
  const filter = options.group === undefined ? requestFilter : `$share/${options.group}/${requestFilter}`
  if (options.noLocal === true && isSharedFilter(filter))
    throw invalidArgument(
      `options.noLocal is true, but ${filter} is shared [MQTT-3.8.3-4]; leave one of them out`,
    )
  // Not created before they are needed: a process may serve many endpoints of which few are used.
  const toSourceOptions = (): RequestSourceOptions<T> => ({
    responder: {
      link,
      endpoint,
      acknowledge: options.acknowledge ?? 'on-start',
      cacheBounds: toCacheBounds(options.responseCache),
      controlTopic: options.controlTopic,
      isGroup: isSharedFilter(filter),
      itemCredit: options.credit ?? DEFAULT_ITEM_CREDIT,
      group: options.group,
    },
    rules: {
      requestFilter,
      responseTopics: options.responseTopics,
      headers: options.headers,
      transfers: options.transfers,
    },
    authenticate: options.authenticate,
    filter,
    subscribeOptions: toSubscribeOptions(options),
    onSubscribed: options.onSubscribed,
    drain$: options.drain$,
    drainBy: options.drainBy,
    drainTimeout: options.drainTimeout ?? 30_000,
  })
  return new Observable((subscriber) => new RequestSource(toSourceOptions, subscriber).start())
}

function toSubscribeOptions({
  qos = 1,
  noLocal = false,
}: Pick<SubscribeOptions, 'qos' | 'noLocal'>): SubscribeOptions {
  return qos === 1 && !noLocal ? DEFAULT_SUBSCRIBE_OPTIONS : { qos, noLocal }
}

const DEFAULT_CACHE_BOUNDS: Required<ResponseCacheBounds> = {
  entries: 10_000,
  bytes: 16 * 2 ** 20,
  ttl: 60_000,
}

function toCacheBounds(bounds: ResponseCacheBounds | undefined): Required<ResponseCacheBounds> {
  if (bounds === undefined) return DEFAULT_CACHE_BOUNDS
  const { entries, bytes, ttl } = DEFAULT_CACHE_BOUNDS
  return { entries: bounds.entries ?? entries, bytes: bounds.bytes ?? bytes, ttl: bounds.ttl ?? ttl }
}
