import { CHUNK_ID_PROPERTY, CHUNK_PROPERTY } from '../chunk/chunk-header.js'
import { Transfers } from '../chunk/transfers.js'
import { userProperty, type Message } from '../message.js'
import { DecodedOnce } from '../codec/decoded-once.js'
import { exchangeError } from './exchange-error.js'
import type { Exchange } from './exchange.js'
import type { ResponseHandler } from './response-handler.js'

/** Assembles the responses of an exchange that arrive in chunks. */
export class ResponseChunks {
  readonly #exchange: Exchange
  readonly #transfers: Transfers
  readonly #handler: ResponseHandler

  constructor(exchange: Exchange, handler: ResponseHandler) {
    this.#exchange = exchange
    this.#handler = handler
    this.#transfers = new Transfers(exchange.requester.deadlines)
  }

  /** Adds a chunk. Returns the response once it is complete; fails the attempt if it cannot be assembled. */
  add(chunk: Message): DecodedOnce | undefined {
    const assembled = this.#transfers.add(this.#keyOf(chunk), chunk)
    if (assembled.kind === 'whole')
      return new DecodedOnce(assembled.message, this.#exchange.request.codecOf(chunk))
    if (assembled.kind === 'incomplete') return undefined
    const fault = `cannot assemble the response: ${assembled.reason}`
    const error = exchangeError(this.#exchange, 'protocol', fault)
    if (this.#handler.receiveFault === undefined) this.#exchange.failAttempt(error)
    else this.#handler.receiveFault(error, this.#exchange)
    return undefined
  }

  /**
   * Returns what the chunks of one response have in common. Several responders may send chunks to a gathering request:
   * without an id, the responder and the size distinguish them.
   */
  #keyOf({ userProperties }: Message): string {
    const id = userProperty(userProperties, CHUNK_ID_PROPERTY)
    const position = id ?? userProperty(userProperties, '__stream') ?? ''
    if (id !== undefined || this.#handler.hasManyResponders !== true) return position
    const [, count, size] = String(userProperty(userProperties, CHUNK_PROPERTY)).split(':')
    return `${position} ${count}:${size} ${userProperty(userProperties, '__srcId') ?? ''}`
  }

  /** Drops incomplete responses. */
  clear(): void {
    this.#transfers.clear()
  }
}
