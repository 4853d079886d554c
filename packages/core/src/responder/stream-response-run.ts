import { Reason } from '@antiphon/packet'
import { Subscription } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import { deadlinesOf } from '../link/link-deadlines.js'
import { Status, type Failure } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { handlerTimeoutFailure, toFailure, UNSENDABLE } from './failures.js'
import type { HandlerRunOptions } from './handler.js'
import { itemSource, type ItemSource } from './item-source.js'
import { outcomeAfterSend, type OutcomeDetails } from './outcome.js'
import type { OutgoingResponse } from './outgoing-response.js'
import type { RequestContext } from './request-context.js'
import { contextOf } from './received-request.js'

/** How many items of a stream may wait for their acknowledgement at once. */
const IN_FLIGHT_LIMIT = 64

/** Runs the handler for one request and sends its responses as a stream; unsubscribing abandons the request. */
export function runStreamHandler<T extends EndpointTypes>(options: HandlerRunOptions<T>): Subscription {
  return new StreamResponseRun(options).teardown
}

/** One run of a handler that responds with a stream, limited by the requester's credit and by the items in flight. */
class StreamResponseRun<T extends EndpointTypes> {
  readonly teardown = new Subscription()
  readonly #options: HandlerRunOptions<T>
  readonly #context: RequestContext
  readonly #source: ItemSource
  #credit: number
  #nextIndex = 0
  #inFlight = 0
  #isPumping = false
  #silenceDeadline: Deadline | undefined

  constructor(options: HandlerRunOptions<T>) {
    const { handler, request, handlerTimeout } = options
    const context = contextOf(request)
    this.#options = options
    this.#context = context
    this.#credit = context.credit
    context.onCancel = () => this.#stop({ outcome: 'cancelled' })
    context.onCredit = (credit) => {
      this.#credit += credit
      this.#restartSilenceDeadline()
      this.#pump()
    }
    this.teardown.add(() => this.#silenceDeadline?.cancel())
    this.#restartSilenceDeadline()
    this.#source = itemSource(
      () => handler(request),
      () => this.#pump(),
    )
    this.teardown.add(() => this.#source.stop())
    if (handlerTimeout < Infinity) {
      const deadline = deadlinesOf(context.link).add(handlerTimeout, () =>
        this.#finish(handlerTimeoutFailure(handlerTimeout), { outcome: 'timed-out', status: Status.timeout }),
      )
      this.teardown.add(() => deadline.cancel())
    }
    this.#pump()
  }

  #pump(): void {
    // A handler that emits synchronously calls this before `#source` is assigned.
    if (this.#isPumping || this.#source === undefined) return
    this.#isPumping = true
    while (!this.teardown.closed && this.#inFlight < IN_FLIGHT_LIMIT) {
      const next = this.#source.next(this.#credit > 0)
      if (next.kind === 'wait') break
      if (next.kind === 'item') this.#send(next.value)
      else if (next.kind === 'end') this.#finish(undefined, { outcome: 'responded', status: Status.ok })
      else {
        const failure = toFailure(next.error)
        this.#finish(failure, { outcome: 'failed', status: failure.code, error: next.error })
      }
    }
    this.#isPumping = false
  }

  #send(value: unknown): void {
    const index = this.#nextIndex
    let item: OutgoingResponse | undefined
    try {
      item = this.#context.toItem(value, index)
    } catch (error) {
      this.#finish(UNSENDABLE, { outcome: 'failed', status: UNSENDABLE.code, error })
      return
    }
    this.#nextIndex++
    this.#credit--
    this.#inFlight++
    this.#context.sendItem(item, (error, ack) => {
      this.#inFlight--
      if (this.teardown.closed) return
      if (error !== undefined) {
        // The end reuses the index of the last item, so that the requester sees no gap.
        if (this.#nextIndex === index + 1) this.#nextIndex = index
        this.#finish(UNSENDABLE, { outcome: 'failed', status: UNSENDABLE.code, error })
      } else if (ack?.reasonCode === Reason.noMatchingSubscribers) this.#stop({ outcome: 'cancelled' })
      else {
        this.#restartSilenceDeadline()
        this.#pump()
      }
    })
  }

  /** Stops the handler and sends the end of the stream, behind all items. */
  #finish(failure: Failure | undefined, outcome: OutcomeDetails): void {
    if (this.teardown.closed) return
    this.teardown.unsubscribe()
    this.#context.endStream(this.#nextIndex, failure, (result) =>
      this.#options.onEnd(outcomeAfterSend(outcome, result)),
    )
  }

  /** Stops the handler without sending the end of the stream. */
  #stop(outcome: OutcomeDetails): void {
    if (this.teardown.closed) return
    this.teardown.unsubscribe()
    this.#context.endWithoutResponse()
    this.#options.onEnd(outcome)
  }

  /** Restarts the deadline after which a stream without items and credit has expired at its requester. */
  #restartSilenceDeadline(): void {
    const { silenceTimeout, link } = this.#context
    if (silenceTimeout === Infinity || this.teardown.closed) return
    this.#silenceDeadline?.cancel()
    this.#silenceDeadline = deadlinesOf(link).add(silenceTimeout, () => this.#stop({ outcome: 'expired' }))
  }
}
