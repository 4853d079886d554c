import { publishWhole$ } from '../chunk/publish-whole.js'
import type { ResponseKind } from '../endpoint.js'
import { AntiphonError } from '../errors.js'
import type { Delivery, ConnectionInfo, Link, PublishAck } from '../link/link.js'
import type { Failure } from '../protocol/status.js'
import {
  canBuild,
  failureAttempts,
  RESPONSE_FALLBACKS,
  EMPTY_RESPONSE,
  type ResponseAttempt,
} from './response-attempts.js'
import type { CacheEntry, CachedResponse } from './response-cache.js'
import type { ServeOutcome } from './outcome.js'
import {
  atStreamPosition,
  toValueResponse,
  toMessage,
  type OutgoingResponse,
  type ResponseFrame,
} from './outgoing-response.js'

/** How many replies to one request are kept for repetitions. */
const CACHED_RESPONSES_LIMIT = 256

/** The door a request came in by, which knows it again. */
export interface ResponderContext {
  readonly link: Link
  /** What the broker allows. */
  readonly connectionInfo: ConnectionInfo | undefined
  readonly responses: ResponseKind
  /** The link has closed: no reply can go out any more. */
  readonly isLinkClosed: boolean
  /** It is over, and a repetition gets the same replies. */
  readonly remember: (known: CacheEntry<RequestContext>, ended: CachedResponse) => void
  /** It did not take place, and a repetition shall run. */
  readonly forget: (known: CacheEntry<RequestContext>) => void
  /** It was admitted, and this is what became of it. */
  readonly count: (outcome: ServeOutcome) => void
}

/** What a request in hand works with. */
export interface RequestContextParts {
  readonly responder: ResponderContext
  /** What its replies have in common; absent for a notification, which gets none. */
  readonly frame: ResponseFrame | undefined
  readonly delivery: Delivery
  /** When its caller stops waiting, on the link's clock. */
  readonly expiresAt: number
  /** Milliseconds its caller waits for a sign of life. */
  readonly silenceTimeout: number
  /** Until when a repetition is to be expected. */
  readonly cacheUntil: number
  /** How many items the caller wants at first; `Infinity` when it set no limit. */
  readonly credit: number
}

/** One request in hand: from its admission to the acknowledgement that follows its reply. */
export class RequestContext {
  /** When its caller stops waiting, on the link's clock. */
  readonly expiresAt: number
  /** Milliseconds its caller waits for a sign of life. */
  readonly silenceTimeout: number
  /** How many items the caller wants at first; `Infinity` when it set no limit. */
  readonly credit: number
  /** What its repetitions know it by; `undefined` where nothing tells it from others. */
  cacheEntry: CacheEntry<RequestContext> | undefined
  /** What to do when the caller gives up. */
  onCancel: () => void = nothing
  /** What to do when the caller wants more items. */
  onCredit: (credit: number) => void = nothing
  readonly #responder: ResponderContext
  readonly #frame: ResponseFrame | undefined
  readonly #delivery: Delivery
  readonly #cacheUntil: number
  /** What was sent so far; `undefined` once it is too much to be kept. */
  #responses: OutgoingResponse[] | undefined = NONE
  #duplicates: (() => void)[] | undefined
  #isAcknowledged = false
  #isOver = false

  constructor(parts: RequestContextParts) {
    this.#responder = parts.responder
    this.#frame = parts.frame
    this.#delivery = parts.delivery
    this.#cacheUntil = parts.cacheUntil
    this.expiresAt = parts.expiresAt
    this.silenceTimeout = parts.silenceTimeout
    this.credit = parts.credit
  }

  /** The link has closed: no reply can go out any more. */
  get isLinkClosed(): boolean {
    return this.#responder.isLinkClosed
  }

  get link(): Link {
    return this.#responder.link
  }

  get responses(): ResponseKind {
    return this.#responder.responses
  }

  /** Acknowledges before the work instead of after it: a crash then loses the request rather than repeating it. */
  acknowledge(): void {
    this.#isAcknowledged = true
    this.#delivery.acknowledge()
  }

  /** The broker has it until it is acknowledged, delivers it again if it is not, and sends only so many at a time. */
  get isHeldByBroker(): boolean {
    return !this.#isAcknowledged && this.#delivery.message.qos > 0
  }

  /** Whether there is a way to tell its caller of a failure. */
  canReportFailure(failure: Failure): boolean {
    const frame = this.#frame
    return frame !== undefined && failureAttempts(failure).some((attempt) => canBuild(attempt, frame))
  }

  /** The caller gives up. */
  cancel(): void {
    if (this.#isOver) return
    this.onCancel()
    this.endWithoutResponse()
  }

  /** The caller wants more items. */
  addCredit(credit: number): void {
    if (!this.#isOver) this.onCredit(credit)
  }

  /** A repetition joins: it is acknowledged together with this one. */
  attachDuplicate(acknowledge: () => void): void {
    this.#duplicates ??= []
    this.#duplicates.push(acknowledge)
  }

  /** One item of a stream; throws when it does not encode. `undefined` where nobody is to get it. */
  toItem(value: unknown, index: number): OutgoingResponse | undefined {
    const frame = this.#frame
    return frame && atStreamPosition(toValueResponse(frame, value), { index, isLast: false })
  }

  sendItem(item: OutgoingResponse | undefined, done: OnItemSent): void {
    const frame = this.#frame
    if (this.#isOver) return
    if (item === undefined || frame === undefined) {
      done()
      return
    }
    this.#cacheResponse(item)
    this.#send(item, frame, this.silenceTimeout, done)
  }

  /** The end of a stream, after so many items. */
  endStream(index: number, failure: Failure | undefined, done: OnResponseSent): void {
    const inPlace = ({ toResponse: toReply, status }: ResponseAttempt): ResponseAttempt => ({
      status,
      toResponse: (frame) => {
        const end = toReply(frame)
        return end && atStreamPosition(end, { index, isLast: true })
      },
    })
    const attempts = failure === undefined ? EMPTY_RESPONSE : failureAttempts(failure)
    this.#sendFirstPossible(attempts.map(inPlace), done)
  }

  /** Answers, and is over. */
  respond(value: unknown, done: OnResponseSent): void {
    this.#sendFirstPossible(RESPONSE_FALLBACKS, done, {
      toResponse: (frame) => toValueResponse(frame, value),
    })
  }

  respondEmpty(done: OnResponseSent): void {
    this.#sendFirstPossible(EMPTY_RESPONSE, done)
  }

  fail(failure: Failure, done: OnResponseSent): void {
    this.#sendFirstPossible(failureAttempts(failure), done)
  }

  /** Turns the request away unhandled, so that the same may be asked again. */
  reject(failure: Failure, done: OnResponseSent): void {
    this.#forget()
    this.fail(failure, done)
  }

  /** Tells what became of it, once it is over. */
  count(outcome: ServeOutcome): void {
    this.#responder.count(outcome)
  }

  /** Ends without a reply: nobody waits for one any more. */
  endWithoutResponse(): void {
    if (!this.#isOver) this.#conclude()
  }

  /** Lets go of it unacknowledged: the broker shall deliver it again. */
  abandon(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#forget()
  }

  /** Sends the first reply that can be made and sent: this one, or else one of those. */
  #sendFirstPossible(
    others: readonly ResponseAttempt[],
    done: OnResponseSent,
    first?: ResponseAttempt,
  ): void {
    if (this.#isOver) return
    this.#isOver = true
    if (first === undefined) this.#attemptNext(others, 0, done)
    else this.#attempt(first, others, 0, done)
  }

  #attemptNext(
    attempts: readonly ResponseAttempt[],
    next: number,
    done: OnResponseSent,
    earlier?: unknown,
  ): void {
    const attempt = attempts[next]
    if (attempt === undefined) {
      this.#end({ kind: 'unsent', error: earlier }, done)
      return
    }
    this.#attempt(attempt, attempts, next + 1, done, earlier)
  }

  #attempt(
    { toResponse: toReply, status }: ResponseAttempt,
    others: readonly ResponseAttempt[],
    next: number,
    done: OnResponseSent,
    earlier?: unknown,
  ): void {
    const frame = this.#frame
    let response: OutgoingResponse | undefined
    try {
      response = frame && toReply(frame)
    } catch (thrown) {
      this.#attemptNext(others, next, done, earlier ?? thrown)
      return
    }
    const sent: SendResult =
      earlier === undefined || status === undefined ? SENT : { kind: 'fallback-sent', status, error: earlier }
    if (response === undefined || frame === undefined) {
      this.#end(sent, done)
      return
    }
    const going = response
    this.#send(going, frame, this.expiresAt - this.link.scheduler.now(), (error) => {
      if (error !== undefined && next < others.length && isUnfit(error)) {
        this.#attemptNext(others, next, done, earlier ?? error)
        return
      }
      this.#cacheResponse(going)
      this.#end(error === undefined ? sent : { kind: 'unsent', error }, done)
    })
  }

  #send(response: OutgoingResponse, { correlation }: ResponseFrame, left: number, done: OnItemSent): void {
    const { link, connectionInfo: info } = this.#responder
    publishWhole$(link, toMessage(response, correlation, left), info).subscribe({
      next: (ack) => done(undefined, ack),
      error: done,
    })
  }

  /** Keeps a reply for repetitions, as long as there are not too many of them. */
  #cacheResponse(response: OutgoingResponse): void {
    // Written down as it is, for an array that grows takes room for sixteen more.
    if (this.#responses === NONE) this.#responses = [response]
    else if (this.#responses !== undefined && this.#responses.length < CACHED_RESPONSES_LIMIT)
      this.#responses.push(response)
    else this.#responses = undefined
  }

  #end(how: SendResult, done: OnResponseSent): void {
    this.#conclude()
    done(how)
  }

  #conclude(): void {
    this.#isOver = true
    const until = this.#cacheUntil
    if (this.cacheEntry !== undefined)
      this.#responder.remember(this.cacheEntry, { responses: this.#responses, expiresAt: until })
    this.#delivery.acknowledge()
    for (const join of this.#duplicates ?? []) join()
  }

  #forget(): void {
    if (this.cacheEntry !== undefined) this.#responder.forget(this.cacheEntry)
  }
}

/** Told when an item has reached the broker, or why it did not. */
export type OnItemSent = (error?: unknown, ack?: PublishAck) => void

/** What became of a reply. */
export type SendResult =
  | { readonly kind: 'sent' }
  /** It could not be made or sent; the caller was told this status in its place. */
  | { readonly kind: 'fallback-sent'; readonly status: number; readonly error: unknown }
  | { readonly kind: 'unsent'; readonly error: unknown }

const NONE: OutgoingResponse[] = []

const SENT: SendResult = { kind: 'sent' }

/** Told what became of a reply. */
export type OnResponseSent = (sent: SendResult) => void

/** Whether a message as it is can never be sent. */
function isUnfit(error: unknown): boolean {
  const { code } = AntiphonError.from(error)
  return code === 'invalid-argument' || code === 'too-large'
}

function nothing(): void {}
