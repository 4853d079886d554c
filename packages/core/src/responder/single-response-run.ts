import { from, Observable, type Observer, type Unsubscribable } from 'rxjs'
import type { EndpointTypes } from '../endpoint-types.js'
import type { OutcomeDetails } from '../observe/serve-record.js'
import { Status, type Failure } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { handlerFailure, handlerTimeoutFailure, NO_RESPONSE } from './failures.js'
import { HandlerRun } from './handler-run.js'
import { isStream } from '../stream/is-stream.js'
import { fail, respond, respondEmpty } from './response-sender.js'

const NONE: unique symbol = Symbol('none')

const RESPONDED: OutcomeDetails = { outcome: 'responded', status: Status.ok }

/**
 * The run of a handler that responds once.
 *
 * It is also the observer of the response and its own deadline, which saves the closures of both; see decision 0009.
 */
export class SingleResponseRun<T extends EndpointTypes>
  extends HandlerRun<T>
  implements Observer<T['responseInput']>
{
  #subscription: Unsubscribable | undefined
  #deadline: Deadline | undefined
  #hasEnded = false
  #isSubscribing = false
  /** The response that was emitted while subscribing, until it is known whether there are more. */
  #early: T['responseInput'] = NONE
  #hasMore = false

  protected run(): void {
    try {
      const result: unknown = this.options.handler(this.request)
      if (isStream(result)) this.#subscribe(from(result))
      else if (result !== undefined) this.#respond(result)
      else throw new TypeError('the handler returned undefined: it must return a response')
    } catch (thrown) {
      this.error(thrown)
    }
  }

  next(response: T['responseInput']): void {
    if (!this.#isSubscribing) this.#respond(response)
    else if (this.#early === NONE) this.#early = response
    else {
      this.#hasMore = true
      this.#subscription?.unsubscribe()
    }
  }

  error(error: unknown): void {
    if (this.#hasEnded || this.#early !== NONE) return
    const failure = handlerFailure(error)
    this.failWith(failure, { outcome: 'failed', status: failure.code, error })
  }

  /** Sends an empty response, unless the handler has responded before, or the requester could not decode it. */
  complete(): void {
    if (this.#hasEnded || this.#early !== NONE) return
    const { responder, responseTopic } = this.context
    if (responseTopic !== undefined && !responder.canRespondEmpty) {
      const error = new Error(NO_RESPONSE.message)
      this.failWith(NO_RESPONSE, { outcome: 'failed', status: NO_RESPONSE.code, error })
      return
    }
    this.stop()
    respondEmpty(this.context, { outcome: 'responded', status: Status.noContent }, this)
  }

  /** Ends the run when the request expires or `handlerTimeout` is over, whichever comes first. */
  due(): void {
    const { handlerTimeout } = this.options
    const { timeLeft, responder } = this.context
    // Each message of a requester that sends a stream has postponed the expiry.
    const postponedBy = Math.min(timeLeft, this.dueAt - responder.now())
    if (postponedBy > 0) return this.#dueIn(postponedBy)
    if (this.#timeToExpiry <= handlerTimeout) return this.expire()
    this.context.abort('timeout')
    const failure = handlerTimeoutFailure(handlerTimeout)
    this.failWith(failure, { outcome: 'timed-out', status: failure.code })
  }

  failWith(failure: Failure, outcome: OutcomeDetails): void {
    this.stop()
    fail(this.context, failure, outcome, this)
  }

  protected stopHandler(): void {
    this.#hasEnded = true
    this.#deadline?.cancel()
    this.#subscription?.unsubscribe()
  }

  #subscribe(response$: Observable<T['responseInput']>): void {
    this.#isSubscribing = true
    new Observable<T['responseInput']>((subscriber) => {
      // Known before the first response, so that the second one can end a handler that emits synchronously; `take(2)` would
      // allocate 1 kB for that.
      this.#subscription = subscriber
      response$.subscribe(subscriber)
    }).subscribe(this)
    this.#isSubscribing = false
    if (this.#hasEnded) this.stop()
    else if (this.#early === NONE) this.#startDeadline()
    else this.#respond(this.#early)
  }

  #respond(response: T['responseInput']): void {
    this.stop()
    const outcome = this.#hasMore ? { ...RESPONDED, hasUnsentResponse: true as const } : RESPONDED
    respond(this.context, response, outcome, this)
  }

  #startDeadline(): void {
    this.#dueIn(Math.min(this.#timeToExpiry, this.options.handlerTimeout))
  }

  #dueIn(milliseconds: number): void {
    if (milliseconds < Infinity) this.#deadline = this.context.responder.deadlines.add(milliseconds, this)
  }

  /** Milliseconds from the start of the handler to the expiry of the request. */
  get #timeToExpiry(): number {
    return this.context.expiresAt - (this.startedAt ?? 0)
  }
}
