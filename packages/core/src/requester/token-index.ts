import type { Codec } from '../codec/codec.js'
import { DecodedOnce } from '../codec/decoded-once.js'
import type { Correlation } from '../correlation/correlation.js'
import type { Message } from '../message.js'
import type { Exchange } from './exchange.js'

/**
 * The exchanges of one correlation, by response topic and token.
 *
 * Several exchanges may have the same key if the correlation is ordered: a response then goes to the oldest. If the
 * correlation reads the payload and their codecs differ, it goes to the one whose codec finds the token.
 */
export class TokenIndex {
  readonly #correlation: Correlation
  /** The codecs of the exchanges, and how many exchanges have each; only one codec if the payload is not read. */
  readonly #codecs = new Map<Codec<unknown>, number>()
  /** By response topic, then by token, which costs less than building a combined key (decision 0009). */
  readonly #byTopic = new Map<string, Map<string, Exchange | Exchange[]>>()
  #size = 0

  constructor(correlation: Correlation) {
    this.#correlation = correlation
  }

  get size(): number {
    return this.#size
  }

  /** Adds an exchange. Returns `false` if its key is taken. */
  add(exchange: Exchange): boolean {
    const { responseTopic, failureTopic } = exchange.request
    if (!this.#addUnder(responseTopic, exchange)) return false
    if (failureTopic !== undefined && !this.#addUnder(failureTopic, exchange)) {
      this.#removeUnder(responseTopic, exchange)
      return false
    }
    this.#size++
    this.#countCodecs(exchange, 1)
    return true
  }

  /** Removes an exchange, if it is in the index. */
  remove(exchange: Exchange): void {
    const { responseTopic, failureTopic } = exchange.request
    if (!this.#removeUnder(responseTopic, exchange)) return
    if (failureTopic !== undefined) this.#removeUnder(failureTopic, exchange)
    this.#size--
    this.#countCodecs(exchange, -1)
  }

  /** Passes a response to its exchange. Returns `false` if there is no matching exchange. */
  dispatch(message: Message): boolean {
    const byToken = this.#byTopic.get(message.topic)
    if (byToken === undefined) return false
    for (const codec of this.#codecs.keys()) {
      const response = new DecodedOnce(message, codec)
      const token = this.#tokenOf(response)
      if (token === undefined) continue
      const present = byToken.get(token)
      // Another codec would find the same token.
      if (present === undefined) return false
      if (!Array.isArray(present)) {
        if (this.#pass(response, token, present)) return true
      } else if (present.some((exchange) => this.#pass(response, token, exchange))) return true
    }
    return false
  }

  /** Passes a response to an exchange, unless the codec of the exchange does not find the token. */
  #pass(response: DecodedOnce, token: string, exchange: Exchange): boolean {
    const own = response.as(exchange.request.codecOf(response.message))
    if (this.#correlation.readsPayload && own !== response && this.#tokenOf(own) !== token) return false
    if (!isExpected(response.message, exchange)) return false
    exchange.receive(own)
    return true
  }

  /** Returns `false` if the key is taken. */
  #addUnder(topic: string, exchange: Exchange): boolean {
    const { token } = exchange.request
    const byToken = this.#byTopic.get(topic) ?? new Map<string, Exchange | Exchange[]>()
    const present = byToken.get(token)
    if (present !== undefined && !this.#canShareKey(exchange, present)) return false
    if (byToken.size === 0) this.#byTopic.set(topic, byToken)
    if (present === undefined) byToken.set(token, exchange)
    else if (Array.isArray(present)) present.push(exchange)
    else byToken.set(token, [present, exchange])
    return true
  }

  /** Returns `false` if the exchange is not under this topic. */
  #removeUnder(topic: string, exchange: Exchange): boolean {
    const { token } = exchange.request
    const byToken = this.#byTopic.get(topic)
    const present = byToken?.get(token)
    if (byToken === undefined || present === undefined) return false
    const others = Array.isArray(present) ? present.filter((other) => other !== exchange) : []
    if (Array.isArray(present) ? others.length === present.length : present !== exchange) return false
    if (others.length > 0) byToken.set(token, others)
    else byToken.delete(token)
    if (byToken.size === 0) this.#byTopic.delete(topic)
    return true
  }

  #canShareKey(exchange: Exchange, present: Exchange | Exchange[]): boolean {
    if (this.#correlation.isOrdered) return true
    const hasCodec = ({ requester }: Exchange): boolean =>
      requester.endpoint.response === exchange.requester.endpoint.response
    return (
      this.#correlation.readsPayload && !(Array.isArray(present) ? present.some(hasCodec) : hasCodec(present))
    )
  }

  #countCodecs({ requester: { endpoint } }: Exchange, change: 1 | -1): void {
    const { response, failures } = endpoint
    if (!this.#correlation.readsPayload) {
      if (this.#codecs.size === 0) this.#codecs.set(response, 1)
      return
    }
    this.#countCodec(response, change)
    if (failures !== undefined && failures.codec !== response) this.#countCodec(failures.codec, change)
  }

  #countCodec(codec: Codec<unknown>, change: 1 | -1): void {
    const count = (this.#codecs.get(codec) ?? 0) + change
    if (count === 0) this.#codecs.delete(codec)
    else this.#codecs.set(codec, count)
  }

  /** A correlation written by a user may throw on a malformed response, which must not end the response subscription. */
  #tokenOf(response: DecodedOnce): string | undefined {
    try {
      return this.#correlation.tokenOf(response)
    } catch {
      return undefined
    }
  }
}

/** Whether the requester accepts the responder of a response. A predicate that throws accepts none. */
function isExpected(response: Message, { requester }: Exchange): boolean {
  const { expectedResponder } = requester.rules
  if (expectedResponder === undefined) return true
  try {
    return expectedResponder(response)
  } catch {
    return false
  }
}
