import type { AntiphonError } from '../errors.js'
import { userProperty, type UserProperties } from '../message.js'
import { totalCredit } from '../protocol/control-message.js'
import type { DecodedOnce } from '../codec/decoded-once.js'
import { cancelAtResponder, sendCredit } from './control-channel.js'
import { exchangeError } from './exchange-error.js'
import type { Exchange } from './exchange.js'
import { streamPositionOf } from '../protocol/stream-position.js'
import { Credit } from '../stream/credit.js'
import { ReorderBuffer } from '../stream/reorder-buffer.js'
import type { ExchangeRules } from './options.js'
import { timeoutError } from './timeout-error.js'
import { readResponse, readFailure, type ResponseHandler, type TimeoutResult } from './response-handler.js'

/** How many items after a missing one are buffered. */
const REORDER_LIMIT = 1_024

/** How often the total of the credit is sent within the timeout while no item arrives. */
const SIGNS = 3

/**
 * The response handler of a `many` endpoint: emits the items of the stream in order and without duplicates, and grants the
 * responder credit as they are consumed. A missing item fails the exchange.
 */
export class ManyResponses implements ResponseHandler {
  readonly #timeout: number
  readonly #isConsumedOnArrival: boolean
  readonly #limit: number | undefined
  #credit: Credit
  /** The items that arrived after a missing one, and the end of the stream. */
  readonly #order = new ReorderBuffer<DecodedOnce>()
  #hasEmitted = false
  #exchange: Exchange | undefined
  /** The elapsed time until which an item must arrive. */
  #itemDueAt = 0

  /** If an item does not count as consumed when it is emitted, `consumed` must be called for each. */
  constructor({ timeout, credit }: Pick<ExchangeRules, 'timeout' | 'credit'>, isConsumedOnArrival: boolean) {
    this.#timeout = timeout
    this.#isConsumedOnArrival = isConsumedOnArrival
    this.#limit = credit
    this.#credit = new Credit(credit)
  }

  get requestProperties(): UserProperties {
    return this.#credit.requestProperties
  }

  receive(response: DecodedOnce, exchange: Exchange): void {
    this.#exchange = exchange
    const header = userProperty(response.message.userProperties, '__stream')
    const position = streamPositionOf(header)
    if (position === undefined) {
      const failure = readFailure(response, exchange)
      const fault = header === undefined ? 'is missing' : `is "${header}"`
      const text = `the response's __stream ${fault}: expected <index> or <index>:last`
      this.#fail(exchange, failure ?? exchangeError(exchange, 'protocol', text), failure !== undefined)
      return
    }
    if (this.#order.has(position.index)) return
    if (position.index - this.#order.nextIndex > REORDER_LIMIT) {
      const gap = `item ${position.index} arrived before item ${this.#order.nextIndex}`
      this.#fail(
        exchange,
        exchangeError(exchange, 'protocol', `${gap}: at most ${REORDER_LIMIT} items are reordered`),
      )
      return
    }
    if (!position.isLast && !this.#credit.use()) {
      this.#fail(exchange, exchangeError(exchange, 'protocol', `item ${position.index} exceeds the credit`))
      return
    }
    this.extendTimeout(exchange)
    this.#order.add(response, position)
    this.#emitInOrder(exchange)
  }

  onTimeout(exchange: Exchange): TimeoutResult {
    if (this.#credit.isLimited && this.#exchange !== undefined) {
      // The responder waits for credit, or an earlier message was lost. The total also shows that we are connected.
      const left = this.#itemDueAt - exchange.requester.deadlines.now()
      if (this.#credit.isExhausted || left > 0) {
        this.#sendTotal(exchange)
        if (this.#credit.isExhausted) this.extendTimeout(exchange)
        else exchange.extendTimeout(Math.min(left, this.#timeout / SIGNS))
        return 'waiting'
      }
    }
    for (const { item, position } of this.#order.waiting) {
      // The responder's own failure is more useful than the missing items before it.
      const failure = position.isLast ? readFailure(item, exchange) : undefined
      if (failure !== undefined) return failure
    }
    const later = this.#order.size
    const fault = `no item ${this.#order.nextIndex} within ${this.#timeout} ms`
    return timeoutError(exchange, fault, later > 0 ? `; later items received: ${later}` : '')
  }

  /** Counts one item as consumed, and grants the responder new credit once half of it is used. */
  consumed(): void {
    const wasExhausted = this.#credit.isExhausted
    if (!this.#credit.consume() || this.#exchange === undefined) return
    if (wasExhausted) this.extendTimeout(this.#exchange)
    this.#sendTotal(this.#exchange)
  }

  /** Sends the credit again, because the responder's control topic was not known before. */
  onAccepted(exchange: Exchange): void {
    if (this.#exchange !== undefined) this.#sendTotal(exchange)
  }

  #sendTotal(exchange: Exchange): void {
    if (this.#credit.isLimited) sendCredit(exchange, totalCredit(this.#credit.total))
  }

  /** Restarts the timeout. With credit it is divided, so that a total which is lost at QoS 0 is repeated in time. */
  extendTimeout(exchange: Exchange, timeout: number = this.#timeout): void {
    this.#exchange = exchange
    this.#itemDueAt = exchange.requester.deadlines.now() + timeout
    exchange.extendTimeout(this.#credit.isLimited ? timeout / SIGNS : timeout)
  }

  #emitInOrder(exchange: Exchange): void {
    for (let next = this.#order.shift(); next !== undefined; next = this.#order.shift()) {
      const { item, position } = next
      if (position.isLast) {
        const failure = readFailure(item, exchange)
        if (failure === undefined) exchange.finish()
        else this.#fail(exchange, failure, true)
        return
      }
      const reading = readResponse(item, exchange)
      if (reading.error !== undefined) {
        this.#fail(exchange, reading.error)
        return
      }
      this.#hasEmitted = true
      exchange.emit(reading.value)
      if (this.#isConsumedOnArrival) this.consumed()
    }
  }

  /** Fails the attempt, or the exchange once it has emitted an item, because another attempt would repeat that. */
  #fail(exchange: Exchange, error: AntiphonError, isEnd = false): void {
    if (!isEnd) cancelAtResponder(exchange, error.code)
    if (this.#hasEmitted) {
      exchange.fail(error)
      return
    }
    this.#order.reset()
    this.#credit = new Credit(this.#limit)
    exchange.failAttempt(error)
  }
}
