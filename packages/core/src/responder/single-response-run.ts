import { from, take, type Observable, type Observer, type Unsubscribable } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import { pendingRequestsOf } from '../requester/pending-requests.js'
import { Status } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { handlerTimeoutFailure, toFailure } from './failures.js'
import type { HandlerRunOptions } from './handler.js'
import { outcomeAfterSend, type OutcomeDetails } from './outcome.js'
import type { OnResponseSent, RequestContext } from './request-context.js'
import { runStreamHandler } from './stream-response-run.js'
import { contextOf } from './received-request.js'

/** Runs the handler for one request within its time and answers with what it gives; unsubscribing abandons the request. */
export function runHandler<T extends EndpointTypes>(parts: HandlerRunOptions<T>): Unsubscribable {
  const context = contextOf(parts.request)
  const left = context.expiresAt - context.link.scheduler.now()
  if (left > 0 && context.responses === 'many') return runStreamHandler(parts)
  const handling = new SingleResponseRun(parts, left)
  handling.start()
  return handling
}

/** One run of a handler that answers once; also the observer of its answer, and its own deadline. */
class SingleResponseRun<T extends EndpointTypes> implements Observer<T['responseInput']>, Unsubscribable {
  readonly #options: HandlerRunOptions<T>
  readonly #context: RequestContext
  /** Milliseconds until the caller stops waiting. */
  readonly #left: number
  #work: Unsubscribable | undefined
  #deadline: Deadline | undefined
  #isOver = false

  constructor(parts: HandlerRunOptions<T>, left: number) {
    this.#options = parts
    this.#context = contextOf(parts.request)
    this.#left = left
  }

  start(): void {
    if (this.#left <= 0) return this.#expire()
    this.#context.onCancel = () => this.#cancel()
    let response$: Observable<T['responseInput']>
    try {
      response$ = from(this.#options.handler(this.#options.request))
    } catch (thrown) {
      return this.error(thrown)
    }
    this.#work = response$.pipe(take(1)).subscribe(this)
    // Who answers at once needs no deadline.
    if (this.#isOver) this.#work.unsubscribe()
    else this.#startDeadline()
  }

  next(response: T['responseInput']): void {
    this.#context.respond(response, this.#end({ outcome: 'responded', status: Status.ok }))
  }

  error(error: unknown): void {
    const failure = toFailure(error)
    this.#context.fail(failure, this.#end({ outcome: 'failed', status: failure.code, error }))
  }

  /** It gave no answer, or was through with its one. */
  complete(): void {
    if (this.#isOver) return
    this.#context.respondEmpty(this.#end({ outcome: 'responded', status: Status.noContent }))
  }

  /** The time is up: the caller's, or the one that a handler has. */
  due(): void {
    const { handlerTimeout } = this.#options
    if (this.#left <= handlerTimeout) return this.#expire()
    const failure = handlerTimeoutFailure(handlerTimeout)
    this.#context.fail(failure, this.#end({ outcome: 'timed-out', status: failure.code }))
  }

  unsubscribe(): void {
    this.#isOver = true
    this.#work?.unsubscribe()
    this.#deadline?.cancel()
  }

  #startDeadline(): void {
    const budget = Math.min(this.#left, this.#options.handlerTimeout)
    if (budget < Infinity) this.#deadline = pendingRequestsOf(this.#context.link).deadlines.add(budget, this)
  }

  /** Nothing more is wanted of the handler; tells how it ended once the reply is out. */
  #end(outcome: OutcomeDetails): OnResponseSent {
    this.unsubscribe()
    return (sent) => this.#options.onEnd(outcomeAfterSend(outcome, sent))
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
