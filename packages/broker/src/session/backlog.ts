import type { OutboundMessage } from './outbound-message.js'

/** How long it is not looked through again for what has expired, in milliseconds: a look costs. */
const pause = 1_000

/** The deliveries that wait for their turn: first in, first out. */
export class Backlog {
  #items: OutboundMessage[] = []
  #head = 0
  #nextLook = -Infinity

  get length(): number {
    return this.#items.length - this.#head
  }

  push(delivery: OutboundMessage): void {
    this.#items.push(delivery)
  }

  peek(): OutboundMessage | undefined {
    return this.#items[this.#head]
  }

  shift(): OutboundMessage | undefined {
    const delivery = this.#items[this.#head]
    if (delivery === undefined) return undefined
    this.#head++
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return delivery
  }

  /** Takes out all for which `isWanted` says so, and hands them over in order. */
  extract(isWanted: (delivery: OutboundMessage) => boolean): OutboundMessage[] {
    const all = this.#items.slice(this.#head)
    const wanted = all.filter(isWanted)
    if (wanted.length > 0) {
      const taken = new Set(wanted)
      this.#items = all.filter((delivery) => !taken.has(delivery))
      this.#head = 0
    }
    return wanted
  }

  /** Takes out what has expired [MQTT-3.3.2-5], as far as it knows. */
  extractExpired(now: number): OutboundMessage[] {
    if (now < this.#nextLook) return []
    this.#nextLook = now + pause
    return this.extract(({ publication }) => publication.isExpired(now))
  }

  [Symbol.iterator](): Iterator<OutboundMessage> {
    return this.#items.slice(this.#head)[Symbol.iterator]()
  }
}
