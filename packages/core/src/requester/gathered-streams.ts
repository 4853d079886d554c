import { Subject, type GroupedObservable } from 'rxjs'
import type { DecodedOnce } from '../codec/decoded-once.js'
import type { AntiphonError } from '../errors.js'
import { userProperty, type Message, type UserProperties } from '../message.js'
import { GATHERING } from '../protocol/responder-name.js'
import { streamPositionOf } from '../protocol/stream-position.js'
import { ReorderBuffer } from '../stream/reorder-buffer.js'
import type { Deadlines } from '../time/deadlines.js'
import { exchangeError } from './exchange-error.js'
import type { Exchange } from './exchange.js'
import type { ResolvedGatherRules } from './gathered-responses.js'
import type { RequesterContext } from './requester-context.js'
import { readFailure, readResponse, type ResponseHandler } from './response-handler.js'

/** How many items after a missing one are buffered for a responder. */
const REORDER_LIMIT = 1_024

/** How many responders may respond to one request. */
const RESPONDER_LIMIT = 10_000

/** The stream of one responder. */
class ResponderStream {
  readonly key: string
  readonly order = new ReorderBuffer<DecodedOnce>()
  readonly items = new Subject<unknown>()
  hasEnded = false

  constructor(key: string) {
    this.key = key
  }

  /** Returns what the application subscribes to. */
  toObservable(): GroupedObservable<string, unknown> {
    return Object.assign(this.items.asObservable(), { key: this.key })
  }

  end(error: AntiphonError | undefined): void {
    this.hasEnded = true
    this.order.clear()
    if (error === undefined) this.items.complete()
    else this.items.error(error)
  }
}

/** The response handler of `gather$` for a `many` endpoint: emits the stream of each responder, in order and without duplicates. */
export class GatheredStreams implements ResponseHandler {
  readonly hasManyResponders = true
  readonly requestProperties: UserProperties = GATHERING
  readonly #rules: ResolvedGatherRules
  readonly #deadlines: Deadlines
  /** The elapsed time at which the total timeout is due. */
  readonly #endsAt: number
  readonly #streams = new Map<string, ResponderStream>()
  /** The expected responders whose streams have not ended. */
  readonly #missing: Set<string>
  #ended = 0

  constructor(rules: ResolvedGatherRules, { deadlines, rules: { timeout } }: RequesterContext) {
    this.#rules = rules
    this.#deadlines = deadlines
    this.#endsAt = deadlines.now() + timeout
    this.#missing = new Set(rules.responders)
  }

  receive(response: DecodedOnce, exchange: Exchange): void {
    exchange.extendTimeout(Math.min(this.#rules.stallTimeout, this.#endsAt - this.#deadlines.now()))
    const { message } = response
    const name = this.#nameOf(message)
    if (name === undefined) return this.#receiveUnnamed(response, exchange)
    const stream = this.#streams.get(name) ?? this.#add(name, exchange)
    if (stream === undefined || stream.hasEnded) return
    const header = userProperty(message.userProperties, '__stream')
    const position = streamPositionOf(header)
    if (position === undefined) {
      const text = `the response's __stream is ${header === undefined ? 'missing' : `"${header}"`}`
      this.#end(
        stream,
        exchange,
        readFailure(response, exchange) ?? exchangeError(exchange, 'protocol', text),
      )
      return
    }
    const { index } = position
    if (stream.order.has(index)) return
    if (index - stream.order.nextIndex > REORDER_LIMIT) {
      const text = `item ${index} arrived before item ${stream.order.nextIndex}`
      return this.#end(stream, exchange, exchangeError(exchange, 'protocol', text))
    }
    stream.order.add(response, position)
    this.#emitInOrder(stream, exchange)
  }

  receiveFault(): void {
    // The item is missing, and its responder is not known: its stream fails at the timeout.
  }

  /** Ends with the streams that have ended; the others fail, because items are missing. */
  onTimeout(exchange: Exchange): 'responded' {
    for (const stream of this.#streams.values()) {
      if (stream.hasEnded) continue
      const text = `no item ${stream.order.nextIndex} of responder ${stream.key} until the gathering ended`
      stream.end(exchangeError(exchange, 'timeout', text))
    }
    return 'responded'
  }

  #nameOf(message: Message): string | undefined {
    try {
      return this.#rules.responderOf(message)
    } catch {
      // The application's function may throw on a malformed response.
      return undefined
    }
  }

  /** Emits a stream that fails at once: a responder that has no name, or a failure before its first item. */
  #receiveUnnamed(response: DecodedOnce, exchange: Exchange): void {
    const text = 'a response names no responder: set responderOf, or let the responders send __srcId'
    const error = readFailure(response, exchange) ?? exchangeError(exchange, 'protocol', text)
    const stream = new ResponderStream('')
    exchange.emit(stream.toObservable())
    this.#end(stream, exchange, error)
  }

  #add(name: string, exchange: Exchange): ResponderStream | undefined {
    if (this.#streams.size >= RESPONDER_LIMIT) {
      exchange.fail(
        exchangeError(exchange, 'overflow', `more than ${RESPONDER_LIMIT} responders have responded`),
      )
      return undefined
    }
    const stream = new ResponderStream(name)
    this.#streams.set(name, stream)
    exchange.emit(stream.toObservable())
    return stream
  }

  #emitInOrder(stream: ResponderStream, exchange: Exchange): void {
    for (let next = stream.order.shift(); next !== undefined; next = stream.order.shift()) {
      if (next.position.isLast) return this.#end(stream, exchange, readFailure(next.item, exchange))
      const reading = readResponse(next.item, exchange)
      if (reading.error !== undefined) return this.#end(stream, exchange, reading.error)
      stream.items.next(reading.value)
      if (exchange.isSettled) return
    }
  }

  #end(stream: ResponderStream, exchange: Exchange, error: AntiphonError | undefined): void {
    this.#ended++
    const isLastExpected = this.#missing.delete(stream.key) && this.#missing.size === 0
    stream.end(error)
    if (this.#ended < this.#rules.count && !isLastExpected) return
    this.onTimeout(exchange)
    exchange.finish()
  }
}
