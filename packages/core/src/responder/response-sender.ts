import type { Observer } from 'rxjs'
import { publishWhole$ } from '../chunk/publish-whole.js'
import { AntiphonError } from '../errors.js'
import type { PublishAck } from '../link/link.js'
import type { OutcomeDetails } from '../observe/serve-record.js'
import type { Failure } from '../protocol/status.js'
import { UNSENDABLE } from './failures.js'
import {
  atStreamPosition,
  toBareFailureResponse,
  toEmptyResponse,
  toFailureResponse,
  toMessage,
  toValueResponse,
  type OutgoingResponse,
} from './outgoing-response.js'
import type { RequestContext } from './request-context.js'

/** What is called once when a request is settled. Pass the run of its handler, which saves a closure. */
export interface SettlementListener {
  readonly end: (outcome: OutcomeDetails) => void
}

/** Called when an item has been acknowledged, or with the reason why it could not be sent. */
export type OnItemSent = (error?: unknown, ack?: PublishAck) => void

/** A response to try if the previous one cannot be encoded or sent. */
interface Fallback {
  /** The status that is reported if this response is sent in place of another. */
  readonly status?: number
  /** Returns `undefined` if the requester gets no response. Throws if the response does not encode. */
  readonly build: (context: RequestContext) => OutgoingResponse | undefined
}

const EMPTY_RESPONSE: readonly Fallback[] = [{ build: toEmptyResponse }]
const NO_RESPONSE: readonly Fallback[] = [{ build: () => undefined }]
const RESPONSE_FALLBACKS: readonly Fallback[] = failureResponses(UNSENDABLE)

/** Returns the responses that report a failure: with all details, then with the status alone. */
function failureResponses(failure: Failure): readonly Fallback[] {
  const { code: status } = failure
  return [
    { status, build: (context) => toFailureResponse(context, failure) },
    { status, build: (context) => toBareFailureResponse(context, { code: status }) },
  ]
}

/** Sends a response and settles the request. */
export function respond(
  context: RequestContext,
  value: unknown,
  outcome: OutcomeDetails,
  listener: SettlementListener,
): void {
  if (!context.close()) return
  const sender = new ResponseSender(context, RESPONSE_FALLBACKS, outcome, listener)
  let response: OutgoingResponse | undefined
  try {
    response = toValueResponse(context, value)
  } catch (thrown) {
    sender.tryNext(thrown)
    return
  }
  sender.send(response)
}

/** Sends an empty response and settles the request. */
export function respondEmpty(
  context: RequestContext,
  outcome: OutcomeDetails,
  listener: SettlementListener,
): void {
  if (context.close()) new ResponseSender(context, EMPTY_RESPONSE, outcome, listener).tryNext()
}

/** Sends a failure and settles the request. */
export function fail(
  context: RequestContext,
  failure: Failure,
  outcome: OutcomeDetails,
  listener: SettlementListener,
): void {
  if (context.close()) new ResponseSender(context, failureResponses(failure), outcome, listener).tryNext()
}

/** Whether a failure can be sent to the requester. */
export function canReport(context: RequestContext, failure: Failure): boolean {
  return failureResponses(failure).some(({ build }) => {
    try {
      return build(context) !== undefined
    } catch {
      return false
    }
  })
}

/** Sends one item of a stream. */
export function sendItem(
  context: RequestContext,
  item: OutgoingResponse | undefined,
  onSent: OnItemSent,
): void {
  if (!context.isOpen) return
  if (item === undefined) {
    onSent()
    return
  }
  context.cacheItem(item)
  publish$(context, item, context.lifetime).subscribe({
    next: (ack) => {
      context.responder.events.responder?.acknowledged(context, ack.reasonCode)
      onSent(undefined, ack)
    },
    error: onSent,
  })
}

/** The end of a stream. */
interface StreamEnd {
  readonly index: number
  readonly failure: Failure | undefined
  readonly outcome: OutcomeDetails
  /** Adds what all items of the stream have. */
  readonly finish: (end: OutgoingResponse | undefined) => OutgoingResponse | undefined
}

/** Sends the end of a stream at `index`, with a failure or without, and settles the request. */
export function endStream(context: RequestContext, end: StreamEnd, listener: SettlementListener): void {
  if (!context.close()) return
  const position = { index: end.index, isLast: true }
  // The mark of the end is in the payload of the last response.
  const ending = context.responder.endpoint.isLast === undefined ? EMPTY_RESPONSE : NO_RESPONSE
  const responses = end.failure === undefined ? ending : failureResponses(end.failure)
  const atEnd = responses.map(({ build, ...rest }): Fallback => ({
    ...rest,
    build: (context) => end.finish(atStreamPosition(context, build(context), position)),
  }))
  new ResponseSender(context, atEnd, end.outcome, listener).tryNext()
}

function publish$(
  context: RequestContext,
  response: OutgoingResponse,
  timeLeft: number,
): ReturnType<typeof publishWhole$> {
  const { link, connectionInfo, events } = context.responder
  const message = toMessage(response, context.correlation, timeLeft)
  events.responder?.responded(context, message)
  return publishWhole$(link, message, connectionInfo)
}

/**
 * Sends the last response to a request: the first of several that can be encoded and sent. Then it settles the request.
 *
 * It is also the observer of the acknowledgement, which saves two closures; see decision 0009.
 */
class ResponseSender implements Observer<PublishAck> {
  readonly #context: RequestContext
  readonly #fallbacks: readonly Fallback[]
  readonly #listener: SettlementListener
  /** The outcome if the response that is being sent is acknowledged. */
  #outcome: OutcomeDetails
  #response: OutgoingResponse | undefined
  #next = 0
  #firstError: unknown

  constructor(
    context: RequestContext,
    fallbacks: readonly Fallback[],
    outcome: OutcomeDetails,
    listener: SettlementListener,
  ) {
    this.#context = context
    this.#fallbacks = fallbacks
    this.#outcome = outcome
    this.#listener = listener
  }

  /** Sends a response; settles the request at once if it is `undefined`. */
  send(response: OutgoingResponse | undefined): void {
    this.#response = response
    if (response === undefined) this.#settle(this.#outcome)
    else publish$(this.#context, response, this.#timeLeft).subscribe(this)
  }

  /** Sends the next fallback. `error` is why the previous response was not sent. */
  tryNext(error?: unknown): void {
    const fallback = this.#fallbacks[this.#next++]
    this.#firstError ??= error
    if (fallback === undefined) return this.#settle({ outcome: 'unsent', error: this.#firstError })
    let response: OutgoingResponse | undefined
    try {
      response = fallback.build(this.#context)
    } catch (thrown) {
      return this.tryNext(thrown)
    }
    if (this.#firstError !== undefined && fallback.status !== undefined) {
      const reason = this.#outcome.error ?? this.#firstError
      this.#outcome = { outcome: 'failed', status: fallback.status, error: reason }
    }
    this.send(response)
  }

  next({ reasonCode }: PublishAck): void {
    this.#context.responder.events.responder?.acknowledged(this.#context, reasonCode)
    this.#end(this.#outcome)
  }

  error(error: unknown): void {
    if (this.#next < this.#fallbacks.length && isUnsendable(error)) this.tryNext(error)
    else this.#end({ outcome: 'unsent', error })
  }

  complete(): void {
    // The acknowledgement has arrived before.
  }

  /** The end of a stream lives as long as its items, also if the stream lasted longer than the request. */
  get #timeLeft(): number {
    const { responder, lifetime, timeLeft } = this.#context
    return responder.endpoint.responses === 'many' ? lifetime : timeLeft
  }

  #end(outcome: OutcomeDetails): void {
    if (this.#response !== undefined) this.#context.cacheResponse(this.#response)
    this.#settle(outcome)
  }

  #settle(outcome: OutcomeDetails): void {
    this.#context.settle()
    this.#listener.end(outcome)
  }
}

/** Whether sending the same message again could never succeed. */
function isUnsendable(error: unknown): boolean {
  const { code } = AntiphonError.from(error)
  return code === 'invalid-argument' || code === 'too-large'
}
