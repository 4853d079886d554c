import type { UserProperties } from '../message.js'
import { userProperty } from '../message.js'
import { streamPositionOf, type StreamPosition } from '../protocol/stream-position.js'
import type { DecodedOnce } from '../codec/decoded-once.js'
import {
  readResponse,
  readFailure,
  type ExchangeControl,
  type ResponseHandler,
  type TimeoutResult,
} from './response-handler.js'

/** How many items after a missing one are buffered. */
const REORDER_LIMIT = 1_024

/** Options of `ManyResponses`. */
export interface ManyOptions {
  /** Milliseconds of silence after which the exchange fails. */
  readonly timeout: number
  /** The maximum number of items in flight; without it, the responder sends without limit. */
  readonly credit: number | undefined
  /** Whether an item counts as consumed when it is emitted; if not, `consumed` must be called for each item. */
  readonly isConsumedOnArrival: boolean
}

/**
 * The response handler of a `many` endpoint: emits the items of the stream in order and without duplicates, and grants the
 * responder credit as they are consumed. A missing item fails the exchange.
 */
export class ManyResponses implements ResponseHandler {
  readonly requestProperties: UserProperties
  readonly #options: ManyOptions
  readonly #outOfOrder = new Map<
    number,
    { readonly response: DecodedOnce; readonly position: StreamPosition }
  >()
  #nextIndex = 0
  #consumedCount = 0
  /** How many items the responder may still send before it needs more credit. */
  #remainingCredit: number
  #control: ExchangeControl | undefined

  constructor(options: ManyOptions) {
    this.#options = options
    this.#remainingCredit = options.credit ?? Infinity
    this.requestProperties = options.credit === undefined ? [] : [['__credit', String(options.credit)]]
  }

  receive(response: DecodedOnce, control: ExchangeControl): void {
    this.#control = control
    const header = userProperty(response.message.userProperties, '__stream')
    const position = streamPositionOf(header)
    if (position === undefined) {
      const fault = header === undefined ? 'is missing' : `is "${header}"`
      control.fail(
        readFailure(response, control) ??
          control.createError(
            'protocol',
            `the response's __stream ${fault}: expected <index> or <index>:last`,
          ),
      )
      return
    }
    if (position.index < this.#nextIndex || this.#outOfOrder.has(position.index)) return
    if (position.index - this.#nextIndex > REORDER_LIMIT) {
      const gap = `item ${position.index} arrived before item ${this.#nextIndex}`
      control.fail(control.createError('protocol', `${gap}: at most ${REORDER_LIMIT} items are reordered`))
      return
    }
    if (!position.isLast) this.#remainingCredit--
    if (this.#remainingCredit < 0) {
      control.fail(control.createError('protocol', `item ${position.index} exceeds the credit`))
      return
    }
    this.#extendTimeout(control)
    this.#outOfOrder.set(position.index, { response, position })
    this.#emitInOrder(control)
  }

  onTimeout(control: ExchangeControl): TimeoutResult {
    if (this.#remainingCredit === 0) {
      // The responder waits for credit. A grant of 0 tells it that the requester is still connected.
      control.sendControl([['__grant', '0']])
      this.#extendTimeout(control)
      return 'waiting'
    }
    for (const { response, position } of this.#outOfOrder.values()) {
      // The responder's own failure is more useful than the missing items before it.
      const failure = position.isLast ? readFailure(response, control) : undefined
      if (failure !== undefined) return failure
    }
    const later = this.#outOfOrder.size
    const received = later > 0 ? ` (later items received: ${later})` : ''
    return control.createError(
      'timeout',
      `no item ${this.#nextIndex} within ${this.#options.timeout} ms${received}`,
    )
  }

  /** Counts one item as consumed, and grants the responder new credit once half of it is used. */
  consumed(): void {
    const { credit, timeout } = this.#options
    if (credit === undefined) return
    this.#consumedCount++
    if (this.#consumedCount * 2 < credit) return
    if (this.#remainingCredit === 0) this.#control?.extendTimeout(timeout)
    this.#control?.sendControl([['__grant', String(this.#consumedCount)]])
    this.#remainingCredit += this.#consumedCount
    this.#consumedCount = 0
  }

  /**
   * Restarts the timeout. Without credit left it takes half of it, so that the next sign of life reaches the responder
   * before the responder's own timeout.
   */
  #extendTimeout(control: ExchangeControl): void {
    const { timeout } = this.#options
    control.extendTimeout(this.#remainingCredit === 0 ? timeout / 2 : timeout)
  }

  #emitInOrder(control: ExchangeControl): void {
    for (
      let item = this.#outOfOrder.get(this.#nextIndex);
      item !== undefined;
      item = this.#outOfOrder.get(this.#nextIndex)
    ) {
      this.#outOfOrder.delete(this.#nextIndex)
      this.#nextIndex++
      if (item.position.isLast) {
        const failure = readFailure(item.response, control)
        if (failure === undefined) control.finish()
        else control.fail(failure)
        return
      }
      const reading = readResponse(item.response, control)
      if (reading.error !== undefined) {
        control.fail(reading.error)
        return
      }
      control.emit(reading.value)
      if (this.#options.isConsumedOnArrival) this.consumed()
    }
  }
}
