import { CHUNK_ID_PROPERTY } from '../chunk/chunk-header.js'
import { Transfers } from '../chunk/transfers.js'
import { userProperty, type Message } from '../message.js'
import { DecodedOnce } from '../codec/decoded-once.js'
import type { Exchange } from './exchange.js'

/** Assembles the responses of an exchange that arrive in chunks. */
export class ResponseChunks {
  readonly #exchange: Exchange
  readonly #transfers: Transfers

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.#transfers = new Transfers(exchange.requester.deadlines)
  }

  /** Adds a chunk. Returns the response once it is complete; fails the attempt if it cannot be assembled. */
  add(chunk: Message): DecodedOnce | undefined {
    const { requester } = this.#exchange
    // Several responders may send chunks to a gathering request, each with an id of its own.
    const key = userProperty(chunk.userProperties, CHUNK_ID_PROPERTY)
    const assembled = this.#transfers.add(key ?? userProperty(chunk.userProperties, '__stream') ?? '', chunk)
    if (assembled.kind === 'whole') return new DecodedOnce(assembled.message, requester.endpoint.response)
    if (assembled.kind === 'incomplete') return undefined
    const fault = `cannot assemble the response: ${assembled.reason}`
    this.#exchange.failAttempt(this.#exchange.createError('protocol', fault))
    return undefined
  }

  /** Drops incomplete responses. */
  clear(): void {
    this.#transfers.clear()
  }
}
