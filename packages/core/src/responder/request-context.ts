import { publishWhole$ } from '../chunk/publish-whole.js'
import type { ResponseKind } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import type { Delivery, ConnectionInfo, Link, PublishAck } from '../link/link.js'
import type { Failure } from '../protocol/status.js'
import {
  canBuild,
  failureBuilders,
  RESPONSE_FALLBACKS,
  EMPTY_RESPONSE,
  type ResponseBuilder,
} from './response-builders.js'
import type { CacheEntry, CachedResponse } from './response-cache.js'
import type { ServeOutcome } from './outcome.js'
import {
  atStreamPosition,
  toValueResponse,
  toMessage,
  type OutgoingResponse,
  type ResponseFrame,
} from './outgoing-response.js'

/** How many responses to one request are cached for its duplicates. */
const CACHED_RESPONSES_LIMIT = 256

/** What a responder shares with the contexts of its requests. */
export interface ResponderContext {
  readonly link: Link
  /** What the broker allows on this connection. */
  readonly connectionInfo: ConnectionInfo | undefined
  readonly responses: ResponseKind
  /** Whether the link was closed, so that no response can be sent. */
  readonly isLinkClosed: boolean
  /** Caches the responses of a request that has ended. */
  readonly cacheResponses: (entry: CacheEntry<RequestContext>, cached: CachedResponse) => void
  /** Removes the cache entry of a request that was not handled, so that a duplicate is handled. */
  readonly dropCacheEntry: (entry: CacheEntry<RequestContext>) => void
  /** Counts the outcome of a request. */
  readonly count: (outcome: ServeOutcome) => void
}

/** What a request context is made from. */
export interface RequestContextParts {
  readonly responder: ResponderContext
  /** What the responses have in common; `undefined` for a notification, which gets no response. */
  readonly frame: ResponseFrame | undefined
  readonly delivery: Delivery
  /** The elapsed time at which the request expires. */
  readonly expiresAt: number
  /** Milliseconds without an item or credit after which a stream has expired. */
  readonly silenceTimeout: number
  /** The elapsed time until which a duplicate may arrive. */
  readonly cacheUntil: number
  /** How many items the requester accepts at first; `Infinity` if it sets no limit. */
  readonly credit: number
}

/** A request in a responder, from its arrival to the acknowledgement that follows its response. */
export class RequestContext {
  /** The elapsed time at which the request expires. */
  readonly expiresAt: number
  /** Milliseconds without an item or credit after which a stream has expired. */
  readonly silenceTimeout: number
  /** How many items the requester accepts at first; `Infinity` if it sets no limit. */
  readonly credit: number
  /** The entry by which duplicates are recognised; `undefined` if the request has no correlation. */
  cacheEntry: CacheEntry<RequestContext> | undefined
  /** Called when the requester cancels the request. */
  onCancel: () => void = doNothing
  /** Called when the requester grants credit for more items. */
  onCredit: (credit: number) => void = doNothing
  readonly #responder: ResponderContext
  readonly #frame: ResponseFrame | undefined
  readonly #delivery: Delivery
  readonly #cacheUntil: number
  /** The responses sent so far; `undefined` once they are too many to cache. */
  #responses: OutgoingResponse[] | undefined = NO_RESPONSES
  /** Acknowledges each duplicate. */
  #duplicates: (() => void)[] | undefined
  #isAcknowledged = false
  #isSettled = false

  constructor(parts: RequestContextParts) {
    this.#responder = parts.responder
    this.#frame = parts.frame
    this.#delivery = parts.delivery
    this.#cacheUntil = parts.cacheUntil
    this.expiresAt = parts.expiresAt
    this.silenceTimeout = parts.silenceTimeout
    this.credit = parts.credit
  }

  /** Whether the link was closed, so that no response can be sent. */
  get isLinkClosed(): boolean {
    return this.#responder.isLinkClosed
  }

  get link(): Link {
    return this.#responder.link
  }

  get responses(): ResponseKind {
    return this.#responder.responses
  }

  /** Acknowledges the request before it is handled: a crash then loses the request instead of repeating it. */
  acknowledge(): void {
    this.#isAcknowledged = true
    this.#delivery.acknowledge()
  }

  /** Whether the broker holds the request until it is acknowledged; our Receive Maximum bounds how many it sends. */
  get isHeldByBroker(): boolean {
    return !this.#isAcknowledged && this.#delivery.message.qos > 0
  }

  /** Whether a failure can be sent to the requester. */
  canReportFailure(failure: Failure): boolean {
    const frame = this.#frame
    return frame !== undefined && failureBuilders(failure).some((builder) => canBuild(builder, frame))
  }

  /** Cancels the request on behalf of the requester. */
  cancel(): void {
    if (this.#isSettled) return
    this.onCancel()
    this.endWithoutResponse()
  }

  /** Passes on credit that the requester grants for more items. */
  addCredit(credit: number): void {
    if (!this.#isSettled) this.onCredit(credit)
  }

  /** Attaches a duplicate; it is acknowledged together with this request. */
  attachDuplicate(acknowledge: () => void): void {
    this.#duplicates ??= []
    this.#duplicates.push(acknowledge)
  }

  /** Builds one item of a stream; `undefined` if the requester gets no response. Throws if it does not encode. */
  toItem(value: unknown, index: number): OutgoingResponse | undefined {
    const frame = this.#frame
    return frame && atStreamPosition(toValueResponse(frame, value), { index, isLast: false })
  }

  /** Sends one item of a stream. */
  sendItem(item: OutgoingResponse | undefined, done: OnItemSent): void {
    const frame = this.#frame
    if (this.#isSettled) return
    if (item === undefined || frame === undefined) {
      done()
      return
    }
    this.#cacheResponse(item)
    this.#send(item, frame, this.silenceTimeout, done)
  }

  /** Sends the end of a stream at `index`, with a failure or without, and settles the request. */
  endStream(index: number, failure: Failure | undefined, done: OnResponseSent): void {
    const atEnd = ({ build, status }: ResponseBuilder): ResponseBuilder => ({
      status,
      build: (frame) => {
        const end = build(frame)
        return end && atStreamPosition(end, { index, isLast: true })
      },
    })
    const builders = failure === undefined ? EMPTY_RESPONSE : failureBuilders(failure)
    this.#sendFirstPossible(builders.map(atEnd), done)
  }

  /** Sends a response and settles the request. */
  respond(value: unknown, done: OnResponseSent): void {
    this.#sendFirstPossible(RESPONSE_FALLBACKS, done, { build: (frame) => toValueResponse(frame, value) })
  }

  /** Sends an empty response and settles the request. */
  respondEmpty(done: OnResponseSent): void {
    this.#sendFirstPossible(EMPTY_RESPONSE, done)
  }

  /** Sends a failure and settles the request. */
  fail(failure: Failure, done: OnResponseSent): void {
    this.#sendFirstPossible(failureBuilders(failure), done)
  }

  /** Sends a failure without handling the request, so that a duplicate will be handled. */
  reject(failure: Failure, done: OnResponseSent): void {
    this.#dropCacheEntry()
    this.fail(failure, done)
  }

  /** Counts the outcome of the request. */
  count(outcome: ServeOutcome): void {
    this.#responder.count(outcome)
  }

  /** Settles and acknowledges the request without a response, because its requester waits no longer. */
  endWithoutResponse(): void {
    if (!this.#isSettled) this.#settle()
  }

  /** Leaves the request unacknowledged, so that the broker delivers it again. */
  abandon(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#dropCacheEntry()
  }

  /** Sends `first`; if it cannot be encoded or sent, tries `fallbacks` in order. */
  #sendFirstPossible(
    fallbacks: readonly ResponseBuilder[],
    done: OnResponseSent,
    first?: ResponseBuilder,
  ): void {
    if (this.#isSettled) return
    this.#isSettled = true
    if (first === undefined) this.#tryNext(fallbacks, 0, done)
    else this.#try(first, fallbacks, 0, done)
  }

  #tryNext(
    builders: readonly ResponseBuilder[],
    next: number,
    done: OnResponseSent,
    firstError?: unknown,
  ): void {
    const builder = builders[next]
    if (builder === undefined) {
      this.#settleWith({ kind: 'unsent', error: firstError }, done)
      return
    }
    this.#try(builder, builders, next + 1, done, firstError)
  }

  #try(
    { build, status }: ResponseBuilder,
    fallbacks: readonly ResponseBuilder[],
    next: number,
    done: OnResponseSent,
    firstError?: unknown,
  ): void {
    const frame = this.#frame
    let built: OutgoingResponse | undefined
    try {
      built = frame && build(frame)
    } catch (thrown) {
      this.#tryNext(fallbacks, next, done, firstError ?? thrown)
      return
    }
    const success: SendResult =
      firstError === undefined || status === undefined
        ? SENT
        : { kind: 'fallback-sent', status, error: firstError }
    if (built === undefined || frame === undefined) {
      this.#settleWith(success, done)
      return
    }
    const response = built
    this.#send(response, frame, this.expiresAt - deadlinesOf(this.link).now(), (error) => {
      if (error !== undefined && next < fallbacks.length && isUnsendable(error)) {
        this.#tryNext(fallbacks, next, done, firstError ?? error)
        return
      }
      this.#cacheResponse(response)
      this.#settleWith(error === undefined ? success : { kind: 'unsent', error }, done)
    })
  }

  #send(
    response: OutgoingResponse,
    { correlation }: ResponseFrame,
    timeLeft: number,
    done: OnItemSent,
  ): void {
    const { link, connectionInfo } = this.#responder
    publishWhole$(link, toMessage(response, correlation, timeLeft), connectionInfo).subscribe({
      next: (ack) => done(undefined, ack),
      error: done,
    })
  }

  #cacheResponse(response: OutgoingResponse): void {
    // A literal: the first `push` to an empty array would allocate room for seventeen elements, see decision 0009.
    if (this.#responses === NO_RESPONSES) this.#responses = [response]
    else if (this.#responses !== undefined && this.#responses.length < CACHED_RESPONSES_LIMIT)
      this.#responses.push(response)
    else this.#responses = undefined
  }

  #settleWith(result: SendResult, done: OnResponseSent): void {
    this.#settle()
    done(result)
  }

  #settle(): void {
    this.#isSettled = true
    if (this.cacheEntry !== undefined) {
      const cached = { responses: this.#responses, expiresAt: this.#cacheUntil }
      this.#responder.cacheResponses(this.cacheEntry, cached)
    }
    this.#delivery.acknowledge()
    for (const acknowledge of this.#duplicates ?? []) acknowledge()
  }

  #dropCacheEntry(): void {
    if (this.cacheEntry !== undefined) this.#responder.dropCacheEntry(this.cacheEntry)
  }
}

/** Called when an item has been acknowledged, or with the reason why it could not be sent. */
export type OnItemSent = (error?: unknown, ack?: PublishAck) => void

/** The result of sending a response. */
export type SendResult =
  | { readonly kind: 'sent' }
  /** The response could not be encoded or sent; a fallback with this status was sent. */
  | { readonly kind: 'fallback-sent'; readonly status: number; readonly error: unknown }
  | { readonly kind: 'unsent'; readonly error: unknown }

const NO_RESPONSES: OutgoingResponse[] = []

const SENT: SendResult = { kind: 'sent' }

/** Called with the result of sending a response. */
export type OnResponseSent = (result: SendResult) => void

/** Whether sending the same message again could never succeed. */
function isUnsendable(error: unknown): boolean {
  const { code } = AntiphonError.from(error)
  return code === 'invalid-argument' || code === 'too-large'
}

function doNothing(): void {}
