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
  readonly #waiting = new Map<string, Waiting | Waiting[]>()
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

  /** Whether one more can wait under its token. */
  hasRoomFor(waiting: Waiting): boolean {
    return this.#correlation.isInOrder || !this.#waiting.has(keyOf(waiting.replyTopic, waiting.token))
  }

  add(waiting: Waiting): void {
    const key = keyOf(waiting.replyTopic, waiting.token)
    const others = this.#waiting.get(key)
    if (others === undefined) this.#waiting.set(key, waiting)
    else if (Array.isArray(others)) others.push(waiting)
    else this.#waiting.set(key, [others, waiting])
    this.#size++
  }

  remove(waiting: Waiting): void {
    const key = keyOf(waiting.replyTopic, waiting.token)
    const found = this.#waiting.get(key)
    if (found === waiting) this.#waiting.delete(key)
    else if (Array.isArray(found) && found.includes(waiting)) {
      const others = found.filter((other) => other !== waiting)
      if (others.length === 0) this.#waiting.delete(key)
      else this.#waiting.set(key, others)
    } else return
    this.#size--
  }

  /** Hands a reply to whoever waits for it; `false` when nobody does. */
  offer(message: Message): boolean {
    const reply = new DecodedOnce(message, this.#codec)
    const token = this.#tokenOf(reply)
    if (token === undefined) return false
    const found = this.#waiting.get(keyOf(message.topic, token))
    const first = Array.isArray(found) ? found[0] : found
    first?.receive(reply)
    return first !== undefined
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

/** A topic holds no U+0000 [MQTT-4.7.3-2], so two pairs never share a key. */
function keyOf(topic: string, token: string): string {
  return `${topic}\u0000${token}`
}
