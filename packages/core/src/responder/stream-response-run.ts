import { Subscription } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import { pendingRequestsOf } from '../requester/pending-requests.js'
import { Status, type Failure } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { handlerTimeoutFailure, toFailure, UNSENDABLE } from './failures.js'
import type { HandlerRunOptions } from './handler.js'
import { itemSource, type ItemSource } from './item-source.js'
import { outcomeAfterSend, type OutcomeDetails } from './outcome.js'
import type { OutgoingResponse } from './outgoing-response.js'
import type { RequestContext } from './request-context.js'
import { contextOf } from './received-request.js'

/** How many items may be under way to the broker at once. */
const IN_FLIGHT_LIMIT = 64

/** Nobody is subscribed to the reply topic: the caller has gone. */
const NO_MATCHING_SUBSCRIBERS = 0x10

/** Runs the handler for one request and sends its answers as a stream; unsubscribing abandons the request. */
export function runStreamHandler<T extends EndpointTypes>(parts: HandlerRunOptions<T>): Subscription {
  return new StreamResponseRun(parts).teardown
}

/** A stream of answers under way: as fast as the handler gives, the caller's credit allows and the broker takes. */
class StreamResponseRun<T extends EndpointTypes> {
  readonly teardown = new Subscription()
  readonly #options: HandlerRunOptions<T>
  readonly #context: RequestContext
  readonly #source: ItemSource
  #credit: number
  #next = 0
  #inFlight = 0
  #isPumping = false
  #silenceDeadline: Deadline | undefined

  constructor(parts: HandlerRunOptions<T>) {
    const { handler, request, handlerTimeout } = parts
    const context = contextOf(request)
    this.#options = parts
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
      const limit = pendingRequestsOf(context.link).deadlines.add(handlerTimeout, () =>
        this.#finish(handlerTimeoutFailure(handlerTimeout), { outcome: 'timed-out', status: Status.timeout }),
      )
      this.teardown.add(() => limit.cancel())
    }
    this.#pump()
  }

  #pump(): void {
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
    const index = this.#next
    let item: OutgoingResponse | undefined
    try {
      item = this.#context.toItem(value, index)
    } catch (error) {
      this.#finish(UNSENDABLE, { outcome: 'failed', status: UNSENDABLE.code, error })
      return
    }
    this.#next++
    this.#credit--
    this.#inFlight++
    this.#context.sendItem(item, (error, ack) => {
      this.#inFlight--
      if (this.teardown.closed) return
      if (error !== undefined) {
        // Where nothing was sent after it, the end takes its place, and there is no gap.
        if (this.#next === index + 1) this.#next = index
        this.#finish(UNSENDABLE, { outcome: 'failed', status: UNSENDABLE.code, error })
      } else if (ack?.reasonCode === NO_MATCHING_SUBSCRIBERS) this.#stop({ outcome: 'cancelled' })
      else {
        this.#restartSilenceDeadline()
        this.#pump()
      }
    })
  }

  /** The end, of whatever kind, has its place in the stream behind all items. */
  #finish(failure: Failure | undefined, outcome: OutcomeDetails): void {
    if (this.teardown.closed) return
    this.teardown.unsubscribe()
    this.#context.endStream(this.#next, failure, (sent) =>
      this.#options.onEnd(outcomeAfterSend(outcome, sent)),
    )
  }

  #stop(outcome: OutcomeDetails): void {
    if (this.teardown.closed) return
    this.teardown.unsubscribe()
    this.#context.endWithoutResponse()
    this.#options.onEnd(outcome)
  }

  /** Neither an item nor a grant for as long as the caller waits: it has given up. */
  #restartSilenceDeadline(): void {
    const { silenceTimeout, link } = this.#context
    if (silenceTimeout === Infinity || this.teardown.closed) return
    this.#silenceDeadline?.cancel()
    this.#silenceDeadline = pendingRequestsOf(link).deadlines.add(silenceTimeout, () =>
      this.#stop({ outcome: 'expired' }),
    )
  }
}
