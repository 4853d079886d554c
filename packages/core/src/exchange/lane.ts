import type { Codec } from '../codec/codec.js'
import type { Correlation } from '../correlation/correlation.js'
import type { Message } from '../message.js'
import { DecodedOnce } from './received.js'

/** Whoever waits for a reply under a token. */
export interface Waiting {
  readonly replyTopic: string
  readonly token: string
  readonly receive: (reply: DecodedOnce) => void
}

/** The open questions of one inbox that share a way of finding their answers. */
export class Lane {
  readonly #correlation: Correlation
  readonly #codec: Codec<unknown>
  /** By reply topic, which most have in common, and token. */
  readonly #waiting = new Map<string, Map<string, Waiting | Waiting[]>>()
  #size = 0

  constructor(correlation: Correlation, codec: Codec<unknown>) {
    this.#correlation = correlation
    this.#codec = codec
  }

  get size(): number {
    return this.#size
  }

  serves(correlation: Correlation, codec: Codec<unknown>): boolean {
    return this.#correlation === correlation && (this.#codec === codec || !correlation.readsPayload)
  }

  /** Tells whether one more could wait under its topic and token, and so does now. */
  add(waiting: Waiting): boolean {
    const { replyTopic, token } = waiting
    const byToken = this.#waiting.get(replyTopic) ?? this.#open(replyTopic)
    const others = byToken.get(token)
    if (others === undefined) byToken.set(token, waiting)
    else if (!this.#correlation.isInOrder) return false
    else if (Array.isArray(others)) others.push(waiting)
    else byToken.set(token, [others, waiting])
    this.#size++
    return true
  }

  remove(waiting: Waiting): void {
    const { replyTopic, token } = waiting
    const byToken = this.#waiting.get(replyTopic)
    const found = byToken?.get(token)
    if (byToken === undefined || found === undefined) return
    const others = Array.isArray(found) ? found.filter((other) => other !== waiting) : []
    if (Array.isArray(found) ? others.length === found.length : found !== waiting) return
    this.#size--
    if (others.length > 0) byToken.set(token, others)
    else {
      byToken.delete(token)
      if (byToken.size === 0) this.#waiting.delete(replyTopic)
    }
  }

  /** Hands a reply to whoever waits for it; `false` when nobody does. */
  offer(message: Message): boolean {
    const reply = new DecodedOnce(message, this.#codec)
    const token = this.#tokenOf(reply)
    if (token === undefined) return false
    const found = this.#waiting.get(message.topic)?.get(token)
    const first = Array.isArray(found) ? found[0] : found
    first?.receive(reply)
    return first !== undefined
  }

  #open(replyTopic: string): Map<string, Waiting | Waiting[]> {
    const byToken = new Map<string, Waiting | Waiting[]>()
    this.#waiting.set(replyTopic, byToken)
    return byToken
  }

  /** A correlation may be anybody's: one that throws has found nothing. */
  #tokenOf(reply: DecodedOnce): string | undefined {
    try {
      return this.#correlation.tokenOf(reply)
    } catch {
      return undefined
    }
  }
}
