import type { OutboundMessage } from './outbound-message.js'

/** Minimal milliseconds between two scans for expired messages, which are linear in the length of the backlog. */
const expiryScanPeriod = 1_000

/** A FIFO of the messages that wait to be sent to one session. */
export class Backlog {
  #items: OutboundMessage[] = []
  #head = 0
  #nextExpiryScan = -Infinity

  get length(): number {
    return this.#items.length - this.#head
  }

  push(message: OutboundMessage): void {
    this.#items.push(message)
  }

  peek(): OutboundMessage | undefined {
    return this.#items[this.#head]
  }

  shift(): OutboundMessage | undefined {
    const message = this.#items[this.#head]
    if (message === undefined) return undefined
    this.#head++
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return message
  }

  /** Removes and returns all messages that satisfy the predicate, in order. */
  extract(predicate: (message: OutboundMessage) => boolean): OutboundMessage[] {
    const all = this.#items.slice(this.#head)
    const extracted = all.filter(predicate)
    if (extracted.length > 0) {
      const extractedSet = new Set(extracted)
      this.#items = all.filter((message) => !extractedSet.has(message))
      this.#head = 0
    }
    return extracted
  }

  /**
   * Removes and returns expired messages [MQTT-3.3.2-5]; returns none within `expiryScanPeriod` after the last scan.
   */
  extractExpired(now: number): OutboundMessage[] {
    if (now < this.#nextExpiryScan) return []
    this.#nextExpiryScan = now + expiryScanPeriod
    return this.extract(({ publication }) => publication.isExpired(now))
  }

  [Symbol.iterator](): Iterator<OutboundMessage> {
    return this.#items.slice(this.#head)[Symbol.iterator]()
  }
}
