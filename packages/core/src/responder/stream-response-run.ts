import { Reason } from '@antiphon/packet'
import { Subscription } from 'rxjs'
import type { EndpointTypes } from '../endpoint-types.js'
import type { OutcomeDetails } from '../observe/serve-record.js'
import { controlTopicProperty, creditOf } from '../protocol/control-message.js'
import { isGathering, responderName, responderOf } from '../protocol/responder-name.js'
import { Status, type Failure } from '../protocol/status.js'
import type { Deadline } from '../time/deadlines.js'
import { renderValue } from '../rendering.js'
import { handlerFailure, handlerTimeoutFailure, UNSENDABLE } from './failures.js'
import { HandlerRun } from './handler-run.js'
import { itemSource, type ItemSource } from '../stream/item-source.js'
import { atStreamPosition, toValueResponse, type OutgoingResponse } from './outgoing-response.js'
import { endStream, sendItem } from './response-sender.js'

/** How many items of a stream may wait for their acknowledgement at once. */
const IN_FLIGHT_LIMIT = 64

/** The run of a handler that responds with a stream, limited by the requester's credit and by the items in flight. */
export class StreamResponseRun<T extends EndpointTypes> extends HandlerRun<T> {
  readonly #teardown = new Subscription()
  #source: ItemSource | undefined
  /** How many items the requester accepts in all. */
  #credit = creditOf(this.context.message) ?? Infinity
  readonly #isGathered = isGathering(this.context.message)
  /** The name of the responder in the items of a requester that gathers. */
  #name = this.context.responder.connectionInfo?.clientId
  #nextIndex = 0
  #inFlight = 0
  #isPumping = false
  #silenceDeadline: Deadline | undefined

  protected run(): void {
    const { handler, handlerTimeout } = this.options
    this.#teardown.add(() => this.#silenceDeadline?.cancel())
    this.#restartSilenceDeadline()
    const source = itemSource(
      () => handler(this.request),
      () => this.#pump(),
      (returned) => `the handler returned ${renderValue(returned)}: it must return a stream of responses`,
    )
    this.#source = source
    this.#teardown.add(() => source.stop())
    if (handlerTimeout < Infinity) {
      const deadline = this.context.responder.deadlines.add(handlerTimeout, () => {
        this.context.abort('timeout')
        this.#finish({ outcome: 'timed-out', status: Status.timeout }, handlerTimeoutFailure(handlerTimeout))
      })
      this.#teardown.add(() => deadline.cancel())
    }
    this.#pump()
  }

  failWith(failure: Failure, outcome: OutcomeDetails): void {
    this.#finish(outcome, failure)
  }

  protected stopHandler(): void {
    this.#teardown.unsubscribe()
  }

  override raiseCredit(total: number): void {
    this.#credit = Math.max(this.#credit, total)
    this.#restartSilenceDeadline()
    this.#pump()
  }

  #pump(): void {
    // A handler that emits synchronously calls this before `#source` is assigned.
    if (this.#isPumping || this.#source === undefined) return
    this.#isPumping = true
    while (!this.#teardown.closed && this.#inFlight < IN_FLIGHT_LIMIT) {
      const next = this.#source.next(this.#nextIndex < this.#credit)
      if (next.kind === 'wait') break
      if (next.kind === 'item') this.#send(next.value)
      else if (next.kind === 'end') this.#finish({ outcome: 'responded', status: Status.ok })
      else {
        const failure = handlerFailure(next.error)
        this.#finish({ outcome: 'failed', status: failure.code, error: next.error }, failure)
      }
    }
    this.#isPumping = false
  }

  #send(value: unknown): void {
    const index = this.#nextIndex
    let item: OutgoingResponse | undefined
    try {
      const response = atStreamPosition(this.context, toValueResponse(this.context, value), {
        index,
        isLast: false,
      })
      item = this.#withName(this.#withControlTopic(response))
    } catch (error) {
      this.#failUnsendable(error)
      return
    }
    this.#nextIndex++
    this.#inFlight++
    sendItem(this.context, item, (error, ack) => {
      this.#inFlight--
      if (this.#teardown.closed) return
      if (error !== undefined) {
        // The end reuses the index of the last item, so that the requester sees no gap.
        if (this.#nextIndex === index + 1) this.#nextIndex = index
        this.#failUnsendable(error)
      } else if (ack?.reasonCode === Reason.noMatchingSubscribers) {
        this.context.abort('cancelled')
        this.stop()
        this.context.endWithoutResponse()
        this.end({ outcome: 'cancelled' })
      } else {
        this.#restartSilenceDeadline()
        this.#pump()
      }
    })
  }

  #withControlTopic(item: OutgoingResponse | undefined): OutgoingResponse | undefined {
    const controlTopic = item && this.context.takeControlTopic()
    if (item === undefined || controlTopic === undefined) return item
    return { ...item, userProperties: [...item.userProperties, controlTopicProperty(controlTopic)] }
  }

  /** Names the responder to a requester that gathers, unless the handler has named it. */
  #withName(item: OutgoingResponse | undefined): OutgoingResponse | undefined {
    if (item === undefined || !this.#isGathered) return item
    const name = responderOf(item)
    if (name !== undefined) this.#name = name
    if (name !== undefined || this.#name === undefined) return item
    return { ...item, userProperties: [...item.userProperties, responderName(this.#name)] }
  }

  #failUnsendable(error: unknown): void {
    this.#finish({ outcome: 'failed', status: UNSENDABLE.code, error }, UNSENDABLE)
  }

  /** Stops the handler and sends the end of the stream, behind all items. */
  #finish(outcome: OutcomeDetails, failure?: Failure): void {
    if (this.#teardown.closed) return
    this.stop()
    const finish = (end: OutgoingResponse | undefined): OutgoingResponse | undefined => this.#withName(end)
    endStream(this.context, { index: this.#nextIndex, failure, outcome, finish }, this)
  }

  /** Restarts the deadline after which a stream without items and credit has expired at its requester. */
  #restartSilenceDeadline(): void {
    const { lifetime, responder } = this.context
    if (lifetime === Infinity || this.#teardown.closed) return
    this.#silenceDeadline?.cancel()
    this.#silenceDeadline = responder.deadlines.add(lifetime, () => this.expire())
  }
}
