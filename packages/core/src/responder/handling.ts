import { from, take, type Observable, type Observer, type Unsubscribable } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import { exchangesOf } from '../exchange/exchanges.js'
import { Status } from '../status.js'
import type { Deadline } from '../time/deadlines.js'
import { outOfTime, toFailure } from './failures.js'
import type { HandlingParts } from './handler.js'
import { endingOf, type Ending } from './outcome.js'
import type { ReplyDone, Served } from './served.js'
import { stream } from './streaming.js'
import { servedOf } from './served-request.js'

/** Runs the handler for one request within its time and answers with what it gives; unsubscribing abandons the request. */
export function handle<T extends EndpointTypes>(parts: HandlingParts<T>): Unsubscribable {
  const served = servedOf(parts.request)
  const left = served.expiresAt - served.link.scheduler.now()
  if (left > 0 && served.replies === 'many') return stream(parts)
  const handling = new Handling(parts, left)
  handling.start()
  return handling
}

/** One run of a handler that answers once; also the observer of its answer, and its own deadline. */
class Handling<T extends EndpointTypes> implements Observer<T['answered']>, Unsubscribable {
  readonly #parts: HandlingParts<T>
  readonly #served: Served
  /** Milliseconds until the caller stops waiting. */
  readonly #left: number
  #work: Unsubscribable | undefined
  #deadline: Deadline | undefined
  #isOver = false

  constructor(parts: HandlingParts<T>, left: number) {
    this.#parts = parts
    this.#served = servedOf(parts.request)
    this.#left = left
  }

  start(): void {
    if (this.#left <= 0) return this.#fallSilent()
    this.#served.onCancel = () => this.#cancel()
    let answer$: Observable<T['answered']>
    try {
      answer$ = from(this.#parts.handler(this.#parts.request))
    } catch (thrown) {
      return this.error(thrown)
    }
    this.#work = answer$.pipe(take(1)).subscribe(this)
    // Who answers at once needs no deadline.
    if (this.#isOver) this.#work.unsubscribe()
    else this.#limit()
  }

  next(answer: T['answered']): void {
    this.#served.answer(answer, this.#over({ outcome: 'answered', status: Status.ok }))
  }

  error(error: unknown): void {
    const failure = toFailure(error)
    this.#served.fail(failure, this.#over({ outcome: 'failed', status: failure.code, error }))
  }

  /** It gave no answer, or was through with its one. */
  complete(): void {
    if (this.#isOver) return
    this.#served.answerNothing(this.#over({ outcome: 'answered', status: Status.noContent }))
  }

  /** The time is up: the caller's, or the one that a handler has. */
  due(): void {
    const { timeLimit } = this.#parts
    if (this.#left <= timeLimit) return this.#fallSilent()
    const failure = outOfTime(timeLimit)
    this.#served.fail(failure, this.#over({ outcome: 'timed-out', status: failure.code }))
  }

  unsubscribe(): void {
    this.#isOver = true
    this.#work?.unsubscribe()
    this.#deadline?.cancel()
  }

  #limit(): void {
    const budget = Math.min(this.#left, this.#parts.timeLimit)
    if (budget < Infinity) this.#deadline = exchangesOf(this.#served.link).deadlines.add(budget, this)
  }

  /** Nothing more is wanted of the handler; tells how it ended once the reply is out. */
  #over(ending: Ending): ReplyDone {
    this.unsubscribe()
    return (sent) => this.#parts.ended(endingOf(ending, sent))
  }

  #cancel(): void {
    this.unsubscribe()
    this.#parts.ended({ outcome: 'cancelled' })
  }

  #fallSilent(): void {
    this.unsubscribe()
    this.#served.silence()
    this.#parts.ended({ outcome: 'expired' })
  }
}
