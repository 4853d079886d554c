import { from, take, type Observable, type Observer, type Unsubscribable } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import type { OutcomeDetails } from '../observe/serve-record.js'
import { Status, type Failure } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { handlerFailure, handlerTimeoutFailure } from './failures.js'
import { HandlerRun } from './handler-run.js'
import { fail, respond, respondEmpty } from './response-sender.js'

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

  protected run(): void {
    let response$: Observable<T['responseInput']>
    try {
      response$ = from(this.options.handler(this.request))
    } catch (thrown) {
      return this.error(thrown)
    }
    this.#subscription = response$.pipe(take(1)).subscribe(this)
    // A handler that responds synchronously needs no deadline.
    if (this.#hasEnded) this.#subscription.unsubscribe()
    else this.#startDeadline()
  }

  next(response: T['responseInput']): void {
    this.stop()
    respond(this.context, response, { outcome: 'responded', status: Status.ok }, this)
  }

  error(error: unknown): void {
    const failure = handlerFailure(error)
    this.failWith(failure, { outcome: 'failed', status: failure.code, error })
  }

  /** Sends an empty response, unless the handler has responded before. */
  complete(): void {
    if (this.#hasEnded) return
    this.stop()
    respondEmpty(this.context, { outcome: 'responded', status: Status.noContent }, this)
  }

  /** Ends the run when the request expires or `handlerTimeout` is over, whichever comes first. */
  due(): void {
    const { handlerTimeout } = this.options
    if (this.#timeToExpiry <= handlerTimeout) return this.expire()
    const failure = handlerTimeoutFailure(handlerTimeout)
    this.failWith(failure, { outcome: 'timed-out', status: failure.code })
  }

  failWith(failure: Failure, outcome: OutcomeDetails): void {
    this.stop()
    fail(this.context, failure, outcome, this)
  }

  protected stopHandler(): void {
    this.#hasEnded = true
    this.#subscription?.unsubscribe()
    this.#deadline?.cancel()
  }

  #startDeadline(): void {
    const timeout = Math.min(this.#timeToExpiry, this.options.handlerTimeout)
    if (timeout < Infinity) this.#deadline = this.context.responder.deadlines.add(timeout, this)
  }

  /** Milliseconds from the start of the handler to the expiry of the request. */
  get #timeToExpiry(): number {
    return this.context.expiresAt - (this.startedAt ?? 0)
  }
}
