import { from, take, type Observable, type Observer, type Unsubscribable } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import { Status } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { handlerTimeoutFailure, toFailure } from './failures.js'
import type { HandlerRunOptions } from './handler.js'
import { outcomeAfterSend, type OutcomeDetails } from './outcome.js'
import type { OnResponseSent, RequestContext } from './request-context.js'
import { runStreamHandler } from './stream-response-run.js'
import { contextOf } from './received-request.js'

/** Runs the handler for one request within its timeouts and sends the response; unsubscribing abandons the request. */
export function runHandler<T extends EndpointTypes>(options: HandlerRunOptions<T>): Unsubscribable {
  const context = contextOf(options.request)
  const timeToExpiry = context.expiresAt - deadlinesOf(context.link).now()
  if (timeToExpiry > 0 && context.responses === 'many') return runStreamHandler(options)
  const run = new SingleResponseRun(options, timeToExpiry)
  run.start()
  return run
}

/**
 * One run of a handler that responds once.
 *
 * It is also the observer of the response and its own deadline, which saves the closures of both; see decision 0009.
 */
class SingleResponseRun<T extends EndpointTypes> implements Observer<T['responseInput']>, Unsubscribable {
  readonly #options: HandlerRunOptions<T>
  readonly #context: RequestContext
  /** Milliseconds until the request expires, counted from the start. */
  readonly #timeToExpiry: number
  #subscription: Unsubscribable | undefined
  #deadline: Deadline | undefined
  #hasEnded = false

  constructor(options: HandlerRunOptions<T>, timeToExpiry: number) {
    this.#options = options
    this.#context = contextOf(options.request)
    this.#timeToExpiry = timeToExpiry
  }

  start(): void {
    if (this.#timeToExpiry <= 0) return this.#expire()
    this.#context.onCancel = () => this.#cancel()
    let response$: Observable<T['responseInput']>
    try {
      response$ = from(this.#options.handler(this.#options.request))
    } catch (thrown) {
      return this.error(thrown)
    }
    this.#subscription = response$.pipe(take(1)).subscribe(this)
    // A handler that responds synchronously needs no deadline.
    if (this.#hasEnded) this.#subscription.unsubscribe()
    else this.#startDeadline()
  }

  next(response: T['responseInput']): void {
    this.#context.respond(response, this.#end({ outcome: 'responded', status: Status.ok }))
  }

  error(error: unknown): void {
    const failure = toFailure(error)
    this.#context.fail(failure, this.#end({ outcome: 'failed', status: failure.code, error }))
  }

  /** Sends an empty response, unless the handler has responded before. */
  complete(): void {
    if (this.#hasEnded) return
    this.#context.respondEmpty(this.#end({ outcome: 'responded', status: Status.noContent }))
  }

  /** Ends the run when the request expires or `handlerTimeout` is over, whichever comes first. */
  due(): void {
    const { handlerTimeout } = this.#options
    if (this.#timeToExpiry <= handlerTimeout) return this.#expire()
    const failure = handlerTimeoutFailure(handlerTimeout)
    this.#context.fail(failure, this.#end({ outcome: 'timed-out', status: failure.code }))
  }

  unsubscribe(): void {
    this.#hasEnded = true
    this.#subscription?.unsubscribe()
    this.#deadline?.cancel()
  }

  #startDeadline(): void {
    const timeout = Math.min(this.#timeToExpiry, this.#options.handlerTimeout)
    if (timeout < Infinity) this.#deadline = deadlinesOf(this.#context.link).add(timeout, this)
  }

  /** Stops the handler; returns the callback that reports the outcome once the response is sent. */
  #end(outcome: OutcomeDetails): OnResponseSent {
    this.unsubscribe()
    return (result) => this.#options.onEnd(outcomeAfterSend(outcome, result))
  }

  #cancel(): void {
    this.unsubscribe()
    this.#options.onEnd({ outcome: 'cancelled' })
  }

  #expire(): void {
    this.unsubscribe()
    this.#context.endWithoutResponse()
    this.#options.onEnd({ outcome: 'expired' })
  }
}
