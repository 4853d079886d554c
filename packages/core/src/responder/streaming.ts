import { Subscription } from 'rxjs'
import type { EndpointTypes } from '../endpoint.js'
import { exchangesOf } from '../exchange/exchanges.js'
import { Status, type Failure } from '../status.js'
import type { Deadline } from '../time/deadlines.js'
import { outOfTime, toFailure, UNSENDABLE } from './failures.js'
import type { HandlingParts } from './handler.js'
import { itemSource, type ItemSource } from './item-source.js'
import { endingOf, type Ending } from './outcome.js'
import type { Reply } from './reply.js'
import type { Served } from './served.js'
import { servedOf } from './served-request.js'

/** How many items may be under way to the broker at once. */
const IN_FLIGHT_LIMIT = 64

/** Nobody is subscribed to the reply topic: the caller has gone. */
const NO_MATCHING_SUBSCRIBERS = 0x10

/** Runs the handler for one request and sends its answers as a stream; unsubscribing abandons the request. */
export function stream<T extends EndpointTypes>(parts: HandlingParts<T>): Subscription {
  return new Streaming(parts).run
}

/** A stream of answers under way: as fast as the handler gives, the caller's credit allows and the broker takes. */
class Streaming<T extends EndpointTypes> {
  readonly run = new Subscription()
  readonly #parts: HandlingParts<T>
  readonly #served: Served
  readonly #source: ItemSource
  #credit: number
  #next = 0
  #inFlight = 0
  #isPumping = false
  #silence: Deadline | undefined

  constructor(parts: HandlingParts<T>) {
    const { handler, request, timeLimit } = parts
    const served = servedOf(request)
    this.#parts = parts
    this.#served = served
    this.#credit = served.credit
    served.onCancel = () => this.#stop({ outcome: 'cancelled' })
    served.onGrant = (credit) => {
      this.#credit += credit
      this.#alive()
      this.#pump()
    }
    this.run.add(() => this.#silence?.cancel())
    this.#alive()
    this.#source = itemSource(
      () => handler(request),
      () => this.#pump(),
    )
    this.run.add(() => this.#source.stop())
    if (timeLimit < Infinity) {
      const limit = exchangesOf(served.link).deadlines.add(timeLimit, () =>
        this.#finish(outOfTime(timeLimit), { outcome: 'timed-out', status: Status.timeout }),
      )
      this.run.add(() => limit.cancel())
    }
    this.#pump()
  }

  #pump(): void {
    if (this.#isPumping || this.#source === undefined) return
    this.#isPumping = true
    while (!this.run.closed && this.#inFlight < IN_FLIGHT_LIMIT) {
      const next = this.#source.next(this.#credit > 0)
      if (next.kind === 'wait') break
      if (next.kind === 'item') this.#send(next.value)
      else if (next.kind === 'end') this.#finish(undefined, { outcome: 'answered', status: Status.ok })
      else {
        const failure = toFailure(next.error)
        this.#finish(failure, { outcome: 'failed', status: failure.code, error: next.error })
      }
    }
    this.#isPumping = false
  }

  #send(value: unknown): void {
    const index = this.#next
    let item: Reply | undefined
    try {
      item = this.#served.toItem(value, index)
    } catch (error) {
      this.#finish(UNSENDABLE, { outcome: 'failed', status: UNSENDABLE.code, error })
      return
    }
    this.#next++
    this.#credit--
    this.#inFlight++
    this.#served.sendItem(item, (error, ack) => {
      this.#inFlight--
      if (this.run.closed) return
      if (error !== undefined) {
        // Where nothing was sent after it, the end takes its place, and there is no gap.
        if (this.#next === index + 1) this.#next = index
        this.#finish(UNSENDABLE, { outcome: 'failed', status: UNSENDABLE.code, error })
      } else if (ack?.reasonCode === NO_MATCHING_SUBSCRIBERS) this.#stop({ outcome: 'cancelled' })
      else {
        this.#alive()
        this.#pump()
      }
    })
  }

  /** The end, of whatever kind, has its place in the stream behind all items. */
  #finish(failure: Failure | undefined, ending: Ending): void {
    if (this.run.closed) return
    this.run.unsubscribe()
    this.#served.last(this.#next, failure, (sent) => this.#parts.ended(endingOf(ending, sent)))
  }

  #stop(ending: Ending): void {
    if (this.run.closed) return
    this.run.unsubscribe()
    this.#served.silence()
    this.#parts.ended(ending)
  }

  /** Neither an item nor a grant for as long as the caller waits: it has given up. */
  #alive(): void {
    const { patience, link } = this.#served
    if (patience === Infinity || this.run.closed) return
    this.#silence?.cancel()
    this.#silence = exchangesOf(link).deadlines.add(patience, () => this.#stop({ outcome: 'expired' }))
  }
}
