import type { Codec } from '../codec/codec.js'
import type { Correlation } from '../correlation/correlation.js'
import type { Message } from '../message.js'
import { DecodedOnce } from './decoded-once.js'

/** Whoever waits for a reply under a token. */
export interface PendingExchange {
  readonly responseTopic: string
  readonly token: string
  readonly receive: (response: DecodedOnce) => void
}

/** The open questions of one inbox that share a way of finding their answers. */
export class CorrelationTable {
  readonly #correlation: Correlation
  readonly #codec: Codec<unknown>
  /** By reply topic, which most have in common, and token. */
  readonly #pending = new Map<string, Map<string, PendingExchange | PendingExchange[]>>()
  #size = 0

  constructor(correlation: Correlation, codec: Codec<unknown>) {
    this.#correlation = correlation
    this.#codec = codec
  }

  get size(): number {
    return this.#size
  }

  isFor(correlation: Correlation, codec: Codec<unknown>): boolean {
    return this.#correlation === correlation && (this.#codec === codec || !correlation.readsPayload)
  }

  /** Tells whether one more could wait under its topic and token, and so does now. */
  add(waiting: PendingExchange): boolean {
    const { responseTopic, token } = waiting
    const byToken = this.#pending.get(responseTopic) ?? this.#open(responseTopic)
    const others = byToken.get(token)
    if (others === undefined) byToken.set(token, waiting)
    else if (!this.#correlation.isOrdered) return false
    else if (Array.isArray(others)) others.push(waiting)
    else byToken.set(token, [others, waiting])
    this.#size++
    return true
  }

  remove(waiting: PendingExchange): void {
    const { responseTopic, token } = waiting
    const byToken = this.#pending.get(responseTopic)
    const found = byToken?.get(token)
    if (byToken === undefined || found === undefined) return
    const others = Array.isArray(found) ? found.filter((other) => other !== waiting) : []
    if (Array.isArray(found) ? others.length === found.length : found !== waiting) return
    this.#size--
    if (others.length > 0) byToken.set(token, others)
    else {
      byToken.delete(token)
      if (byToken.size === 0) this.#pending.delete(responseTopic)
    }
  }

  /** Hands a reply to whoever waits for it; `false` when nobody does. */
  dispatch(message: Message): boolean {
    const response = new DecodedOnce(message, this.#codec)
    const token = this.#tokenOf(response)
    if (token === undefined) return false
    const found = this.#pending.get(message.topic)?.get(token)
    const first = Array.isArray(found) ? found[0] : found
    first?.receive(response)
    return first !== undefined
  }

  #open(responseTopic: string): Map<string, PendingExchange | PendingExchange[]> {
    const byToken = new Map<string, PendingExchange | PendingExchange[]>()
    this.#pending.set(responseTopic, byToken)
    return byToken
  }

  /** A correlation may be anybody's: one that throws has found nothing. */
  #tokenOf(response: DecodedOnce): string | undefined {
    try {
      return this.#correlation.tokenOf(response)
    } catch {
      return undefined
    }
  }
}
