import { isLeft } from 'fp-ts/lib/Either.js'
import { catchError, EMPTY, merge } from 'rxjs'
import { isChunk } from '../chunk/assembly.js'
import { publishWhole$ } from '../chunk/publish-whole.js'
import { Transfers, type TransferBounds } from '../chunk/transfers.js'
import { reasonOf } from '../codec/decode-failure.js'
import type { ResponseCorrelation } from '../correlation/correlation.js'
import type { Endpoint, ResponseKind } from '../endpoint.js'
import { pendingRequestsOf, type PendingRequests } from '../requester/pending-requests.js'
import { DecodedOnce } from '../requester/decoded-once.js'
import type { Delivery, ConnectionInfo, Link } from '../link/link.js'
import type { Message } from '../message.js'
import { initialCreditOf, addedCreditOf, isCancel } from '../protocol/control-message.js'
import type { Failure } from '../protocol/status.js'
import {
  ResponseCache,
  type ResponseCacheBounds,
  type CacheEntry,
  type CachedResponse,
} from './response-cache.js'
import { payloadFault, versionFault } from './faults.js'
import { toHeaderFailure, type HeaderRule } from './header-rule.js'
import type { ServeOutcome } from './outcome.js'
import type { IgnoredRequest, IgnoredReason } from './ignored-request.js'
import type { ResponseTopicCheck } from './response-topic-rule.js'
import { ResponseFrame, toMessage } from './outgoing-response.js'
import { RequestContext, type ResponderContext } from './request-context.js'
import type { MutableResponderStats } from './responder-stats.js'

/** What the door of a responder is built from. */
export interface RequestReceiverParts {
  readonly link: Link
  readonly endpoint: Endpoint
  readonly checkResponseTopic: ResponseTopicCheck
  readonly headers: HeaderRule | undefined
  readonly cacheBounds: Required<ResponseCacheBounds>
  readonly transfers: TransferBounds | undefined
  readonly onIgnored: (refusal: IgnoredRequest) => void
}

/** A request that may be handled. */
export interface AcceptedRequest {
  readonly message: Message
  readonly value: unknown
  readonly params: Readonly<Record<string, string>>
  readonly context: RequestContext
}

/** A message that could become a request. */
interface CandidateRequest {
  readonly delivery: Delivery
  readonly received: DecodedOnce
  readonly params: Readonly<Record<string, string>>
  readonly correlation: ResponseCorrelation
  readonly responseTopic: string | undefined
  /** What tells it from others; `undefined` where nothing does. */
  readonly key: string | undefined
}

/**
 * The door of a responder: decides of each arriving message, in the order that docs/wire.md sets, whether the handler
 * gets to see it, and deals with all that it does not.
 */
export class RequestReceiver implements ResponderContext {
  readonly #parts: RequestReceiverParts
  readonly #pendingRequests: PendingRequests
  readonly #cache: ResponseCache<RequestContext>
  readonly #transfers: Transfers
  readonly #stats: MutableResponderStats
  #isLinkClosed = false

  constructor(parts: RequestReceiverParts) {
    this.#parts = parts
    this.#cache = new ResponseCache(parts.cacheBounds)
    this.#pendingRequests = pendingRequestsOf(parts.link)
    this.#stats = this.#pendingRequests.responderStats(parts.endpoint)
    this.#transfers = new Transfers(this.#pendingRequests.deadlines, parts.transfers)
  }

  get link(): Link {
    return this.#parts.link
  }

  get connectionInfo(): ConnectionInfo | undefined {
    return this.#pendingRequests.connectionInfo
  }

  get responses(): ResponseKind {
    return this.#parts.endpoint.responses
  }

  get isLinkClosed(): boolean {
    return this.#isLinkClosed
  }

  readonly remember = (known: CacheEntry<RequestContext>, ended: CachedResponse): void =>
    this.#cache.end(known, ended, this.#now())

  /** It was admitted, and this is what became of it. */
  readonly count = (outcome: ServeOutcome): void => void this.#stats[outcome]++

  readonly forget = (known: CacheEntry<RequestContext>): void => this.#cache.drop(known)

  /** The request to be handled, or `undefined` when the message has been dealt with. */
  receive(delivery: Delivery): AcceptedRequest | undefined {
    try {
      const admitted = this.#examine(delivery)
      if (admitted !== undefined) this.#stats.received++
      return admitted
    } catch (thrown) {
      // Correlations and rules may be anybody's; no message ends the stream of requests.
      return this.#ignore(delivery, 'invalid', `it could not be examined: ${reasonOf(thrown)}`)
    }
  }

  #examine(delivery: Delivery): AcceptedRequest | undefined {
    const { endpoint } = this.#parts
    const { message } = delivery
    if (message.retain) return this.#ignore(delivery, 'retained', 'it lay retained at the broker')
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

  /** The link has closed: what is in hand can be answered no more. */
  linkClosed(): void {
    this.#isLinkClosed = true
  }

  /** Drops what is incomplete. */
  close(): void {
    this.#transfers.clear()
  }

  /** A part is acknowledged as it comes, the last one with the request it completes. */
  #assemble(delivery: Delivery, key: string | undefined): AcceptedRequest | undefined {
    if (key === undefined)
      return this.#ignore(delivery, 'invalid', 'it is a part of a request without a correlation')
    const assembled = this.#transfers.add(key, delivery.message)
    if (assembled.kind === 'whole') return this.#examine({ ...delivery, message: assembled.message })
    if (assembled.kind === 'broken') return this.#ignore(delivery, 'invalid', assembled.reason)
    delivery.acknowledge()
    return undefined
  }

  #accept(candidate: CandidateRequest): AcceptedRequest | undefined {
    const { delivery, received, params, key } = candidate
    const { message } = delivery
    const known = key === undefined ? undefined : this.#cache.find(key, this.#now())
    const running = known?.running
    if (isCancel(message)) {
      running?.cancel()
      return this.#ignore(delivery, 'cancel', 'it calls off an earlier one')
    }
    const info = addedCreditOf(message)
    if (info !== undefined) {
      running?.addCredit(info)
      delivery.acknowledge()
      return undefined
    }
    const fault = versionFault(message) ?? this.#headerFault(message)
    // Not to be remembered: it says nothing about the same request with other headers.
    if (fault !== undefined)
      return this.#reject(this.#begin({ ...candidate, key: undefined }), message, fault)
    if (running !== undefined) return this.#attachDuplicate(running, delivery)
    if (known !== undefined) return this.#resendResponses(known, candidate)
    const context = this.#begin(candidate)
    const decoded = received.read()
    if (isLeft(decoded)) return this.#reject(context, message, payloadFault(decoded.left))
    return { message, value: decoded.right, params, context }
  }

  #begin({ delivery, correlation, responseTopic, key }: CandidateRequest): RequestContext {
    const { endpoint, cacheBounds: duplicates } = this.#parts
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
      cacheUntil: now + (expiry === undefined ? duplicates.ttl : silenceTimeout),
      credit: initialCreditOf(request),
    })
    if (key !== undefined) context.cacheEntry = this.#cache.begin(key, context)
    return context
  }

  #attachDuplicate(running: RequestContext, delivery: Delivery): undefined {
    running.attachDuplicate(delivery.acknowledge)
    this.#report(delivery.message, 'duplicate', 'it repeats one that is being handled')
    return undefined
  }

  /** A repetition of one that has ended gets the same bytes again with its own expiry. */
  #resendResponses({ responses }: CachedResponse, { delivery, correlation }: CandidateRequest): undefined {
    if (responses === undefined) {
      return this.#ignore(delivery, 'duplicate', 'it repeats one whose answers were too many to be kept')
    }
    const { messageExpiryInterval: expiry } = delivery.message
    const left = expiry === undefined ? Infinity : expiry * 1000
    const sent = responses.map((response) =>
      publishWhole$(this.link, toMessage(response, correlation, left), this.connectionInfo).pipe(
        catchError(() => EMPTY),
      ),
    )
    merge(...sent).subscribe({ complete: delivery.acknowledge })
    this.#report(delivery.message, 'duplicate', 'it repeats one that was answered, and is answered the same')
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
    const { endpoint, onIgnored: refused } = this.#parts
    this.#stats.ignored++
    refused({ reason, endpoint: endpoint.name, message, detail, ...(status === undefined ? {} : { status }) })
  }

  #headerFault(message: Message): Failure | undefined {
    const fault = this.#parts.headers?.(message)
    return fault && toHeaderFailure(fault)
  }

  #responseTopicFault(responseTopic: string | undefined): string | undefined {
    if (responseTopic === undefined) {
      return this.#parts.endpoint.acceptsNotifications ? undefined : 'it names no Response Topic'
    }
    const fault = this.#parts.checkResponseTopic(responseTopic)
    return fault === undefined ? undefined : `its reply topic ${responseTopic} is refused: ${fault}`
  }

  #now(): number {
    return this.#parts.link.scheduler.now()
  }
}

/** The same token under another reply topic is another request; a topic holds no U+0000 [MQTT-4.7.3-2]. */
function keyOf(responseTopic: string | undefined, token: string | undefined): string | undefined {
  return responseTopic === undefined || token === undefined ? undefined : `${responseTopic}\u0000${token}`
}
