import { isLeft } from 'fp-ts/lib/Either.js'
import { catchError, EMPTY, merge } from 'rxjs'
import { isChunk } from '../chunk/assembly.js'
import { publishWhole$ } from '../chunk/publish-whole.js'
import { Transfers, type TransferBounds } from '../chunk/transfers.js'
import { reasonOf } from '../codec/decode-failure.js'
import type { ResponseCorrelation } from '../correlation/correlation.js'
import type { Endpoint, ResponseKind } from '../endpoint.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import { linkMonitorOf, type LinkMonitor } from '../link/link-monitor.js'
import { observationsOf } from '../observe/observations.js'
import { DecodedOnce } from '../requester/decoded-once.js'
import type { Delivery, ConnectionInfo, Link } from '../link/link.js'
import type { Message } from '../message.js'
import { initialCreditOf, addedCreditOf, isCancel } from '../protocol/control-message.js'
import type { Failure } from '../protocol/status.js'
import { quoted } from '../topic/mqtt-string.js'
import {
  ResponseCache,
  type ResponseCacheBounds,
  type CacheEntry,
  type CachedResponse,
} from './response-cache.js'
import { payloadFault, versionFault } from './faults.js'
import { toHeaderFailure, type HeaderRule } from './header-rule.js'
import type { ServeOutcome } from './outcome.js'
import type { IgnoredRequest, IgnoredReason } from '../observe/ignored-request.js'
import type { ResponseTopicCheck } from './response-topic-rule.js'
import { ResponseFrame, toMessage } from './outgoing-response.js'
import { RequestContext, type ResponderContext } from './request-context.js'
import type { MutableResponderStats } from '../observe/responder-stats.js'

/** What a request receiver is made from. */
export interface RequestReceiverParts {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly checkResponseTopic: ResponseTopicCheck
  readonly headers: HeaderRule | undefined
  readonly cacheBounds: Required<ResponseCacheBounds>
  readonly transfers: TransferBounds | undefined
  readonly onIgnored: (ignored: IgnoredRequest) => void
}

/** A request that the handler receives. */
export interface AcceptedRequest {
  readonly message: Message
  readonly value: unknown
  readonly params: Readonly<Record<string, string>>
  readonly context: RequestContext
}

/** A message that has a topic, a correlation and a response topic of its endpoint. */
interface CandidateRequest {
  readonly delivery: Delivery
  readonly received: DecodedOnce
  readonly params: Readonly<Record<string, string>>
  readonly correlation: ResponseCorrelation
  readonly responseTopic: string | undefined
  /** Identifies the request among others; `undefined` if it has no correlation. */
  readonly key: string | undefined
}

/**
 * Decides for each message on a request topic whether the handler receives it, and processes all other messages itself.
 *
 * The rules are applied in the order of docs/wire.md.
 */
export class RequestReceiver implements ResponderContext {
  readonly #parts: RequestReceiverParts
  readonly #monitor: LinkMonitor
  readonly #cache: ResponseCache<RequestContext>
  readonly #transfers: Transfers
  readonly #stats: MutableResponderStats
  #isLinkClosed = false

  constructor(parts: RequestReceiverParts) {
    this.#parts = parts
    this.#cache = new ResponseCache(parts.cacheBounds)
    this.#monitor = linkMonitorOf(parts.link)
    this.#stats = observationsOf(parts.link).responderStats(parts.endpoint)
    this.#transfers = new Transfers(deadlinesOf(parts.link), parts.transfers)
  }

  get link(): Link {
    return this.#parts.link
  }

  get connectionInfo(): ConnectionInfo | undefined {
    return this.#monitor.connectionInfo
  }

  get responses(): ResponseKind {
    return this.#parts.endpoint.responses
  }

  get isLinkClosed(): boolean {
    return this.#isLinkClosed
  }

  readonly cacheResponses = (entry: CacheEntry<RequestContext>, cached: CachedResponse): void =>
    this.#cache.end(entry, cached, this.#now())

  readonly count = (outcome: ServeOutcome): void => void this.#stats[outcome]++

  readonly dropCacheEntry = (entry: CacheEntry<RequestContext>): void => this.#cache.drop(entry)

  /** Returns the request for the handler, or `undefined` if the message needs no handler. */
  receive(delivery: Delivery): AcceptedRequest | undefined {
    try {
      const accepted = this.#examine(delivery)
      if (accepted !== undefined) this.#stats.received++
      return accepted
    } catch (thrown) {
      // The application's correlations and rules may throw; no message may end the stream of requests.
      return this.#ignore(delivery, 'invalid', `it cannot be read: ${reasonOf(thrown)}`)
    }
  }

  #examine(delivery: Delivery): AcceptedRequest | undefined {
    const { endpoint } = this.#parts
    const { message } = delivery
    if (message.retain) return this.#ignore(delivery, 'retained', 'it is a retained message')
    const params = endpoint.topic.match(message.topic)
    if (params === undefined) {
      return this.#ignore(delivery, 'invalid', `its topic does not match ${endpoint.topic.template}`)
    }
    const received = new DecodedOnce(message, endpoint.request)
    const correlation = endpoint.correlation.readRequest(received)
    const responseTopic = endpoint.responseTopic?.format(params).topic ?? correlation.responseTopic
    const fault = this.#responseTopicFault(responseTopic)
    if (fault !== undefined) return this.#ignore(delivery, 'response-topic', fault)
    const key = keyOf(responseTopic, correlation.token)
    if (isChunk(message)) return this.#assemble(delivery, key)
    return this.#accept({ delivery, received, params, correlation, responseTopic, key })
  }

  /** Notes that the link was closed, so that no response can be sent. */
  linkClosed(): void {
    this.#isLinkClosed = true
  }

  /** Drops incomplete payloads. */
  close(): void {
    this.#transfers.clear()
  }

  /** Adds a chunk. It is acknowledged at once; the last one is acknowledged with the request that it completes. */
  #assemble(delivery: Delivery, key: string | undefined): AcceptedRequest | undefined {
    if (key === undefined) return this.#ignore(delivery, 'invalid', 'it is a chunk without a correlation')
    const assembled = this.#transfers.add(key, delivery.message)
    if (assembled.kind === 'whole') return this.#examine({ ...delivery, message: assembled.message })
    if (assembled.kind === 'broken') return this.#ignore(delivery, 'invalid', assembled.reason)
    delivery.acknowledge()
    return undefined
  }

  #accept(candidate: CandidateRequest): AcceptedRequest | undefined {
    const { delivery, received, params, key } = candidate
    const { message } = delivery
    const cached = key === undefined ? undefined : this.#cache.find(key, this.#now())
    const running = cached?.running
    if (isCancel(message)) {
      running?.cancel()
      return this.#ignore(delivery, 'cancel', 'it cancels a request')
    }
    const credit = addedCreditOf(message)
    if (credit !== undefined) {
      running?.addCredit(credit)
      delivery.acknowledge()
      return undefined
    }
    const fault = versionFault(message) ?? this.#headerFault(message)
    // Not cached: the same request with other headers may be valid.
    if (fault !== undefined)
      return this.#reject(this.#createContext({ ...candidate, key: undefined }), message, fault)
    if (running !== undefined) return this.#attachDuplicate(running, delivery)
    if (cached !== undefined) return this.#resendResponses(cached, candidate)
    const context = this.#createContext(candidate)
    const decoded = received.read()
    if (isLeft(decoded)) return this.#reject(context, message, payloadFault(decoded.left))
    return { message, value: decoded.right, params, context }
  }

  #createContext({ delivery, correlation, responseTopic, key }: CandidateRequest): RequestContext {
    const { endpoint, cacheBounds } = this.#parts
    const { message: request } = delivery
    const { messageExpiryInterval: expiry } = request
    const now = this.#now()
    const silenceTimeout = expiry === undefined ? Infinity : expiry * 1000
    const hasStatuses = this.connectionInfo?.protocolVersion !== 4
    const frame =
      responseTopic === undefined
        ? undefined
        : new ResponseFrame({ endpoint, request, responseTopic, correlation, hasStatuses })
    const context = new RequestContext({
      responder: this,
      frame,
      delivery,
      expiresAt: now + silenceTimeout,
      silenceTimeout,
      cacheUntil: now + (expiry === undefined ? cacheBounds.ttl : silenceTimeout),
      credit: initialCreditOf(request),
    })
    if (key !== undefined) context.cacheEntry = this.#cache.begin(key, context)
    return context
  }

  #attachDuplicate(running: RequestContext, delivery: Delivery): undefined {
    running.attachDuplicate(delivery.acknowledge)
    this.#report(delivery.message, 'duplicate', 'it repeats a request that is being handled')
    return undefined
  }

  /** Sends the cached responses again, with the expiry of the duplicate. */
  #resendResponses({ responses }: CachedResponse, { delivery, correlation }: CandidateRequest): undefined {
    if (responses === undefined) {
      return this.#ignore(delivery, 'duplicate', 'it repeats a request that has too many responses to cache')
    }
    const { messageExpiryInterval: expiry } = delivery.message
    const timeLeft = expiry === undefined ? Infinity : expiry * 1000
    const sent = responses.map((response) =>
      publishWhole$(this.link, toMessage(response, correlation, timeLeft), this.connectionInfo).pipe(
        catchError(() => EMPTY),
      ),
    )
    merge(...sent).subscribe({ complete: delivery.acknowledge })
    this.#report(delivery.message, 'duplicate', 'it repeats a request that was answered')
    return undefined
  }

  #reject(context: RequestContext, message: Message, failure: Failure): undefined {
    this.#report(message, 'invalid', failure.message ?? '', failure.code)
    context.fail(failure, () => undefined)
    return undefined
  }

  #ignore(delivery: Delivery, reason: IgnoredReason, detail: string): undefined {
    delivery.acknowledge()
    this.#report(delivery.message, reason, detail)
    return undefined
  }

  #report(message: Message, reason: IgnoredReason, detail: string, status?: number): void {
    const { endpoint, onIgnored } = this.#parts
    this.#stats.ignored++
    onIgnored({
      reason,
      endpoint: endpoint.name,
      message,
      detail,
      ...(status === undefined ? {} : { status }),
    })
  }

  #headerFault(message: Message): Failure | undefined {
    const fault = this.#parts.headers?.(message)
    return fault && toHeaderFailure(fault)
  }

  #responseTopicFault(responseTopic: string | undefined): string | undefined {
    if (responseTopic === undefined) {
      return this.#parts.endpoint.acceptsNotifications ? undefined : 'it has no Response Topic'
    }
    const fault = this.#parts.checkResponseTopic(responseTopic)
    return fault === undefined
      ? undefined
      : `response topic ${quoted(responseTopic)} is not allowed: ${fault}`
  }

  #now(): number {
    return deadlinesOf(this.#parts.link).now()
  }
}

/**
 * Identifies a request: the same token with another response topic is another request. A topic contains no U+0000
 * [MQTT-4.7.3-2].
 */
function keyOf(responseTopic: string | undefined, token: string | undefined): string | undefined {
  return responseTopic === undefined || token === undefined ? undefined : `${responseTopic}\u0000${token}`
}
