import { LinkedQueue } from '../linked-queue.js'
import type { OutboxMessage } from './outbox-message.js'

/** The least limits of what is in flight: messages that are not acknowledged, or at QoS 0 not accepted by the socket. */
const leastBounds = { messages: 65_535, bytes: 16 * 2 ** 20 }

/**
 * The messages in flight: sent, and neither acknowledged nor, at QoS 0, accepted by the socket.
 *
 * It has room for as many QoS 1 and 2 messages as the broker's Receive Maximum allows [MQTT-4.9.0-1], and for as many messages
 * and bytes as may be queued.
 */
export class SendWindow {
  readonly #inFlight = new LinkedQueue<OutboxMessage>()
  readonly #bounds: { readonly messages: number; readonly bytes: number }
  #bytes = 0
  #quotaUsed = 0

  constructor(bounds: { readonly messages: number; readonly bytes: number }) {
    this.#bounds = {
      messages: Math.max(bounds.messages, leastBounds.messages),
      bytes: Math.max(bounds.bytes, leastBounds.bytes),
    }
  }

  /** How many messages are in flight. */
  get size(): number {
    return this.#inFlight.length
  }

  get isEmpty(): boolean {
    return this.#inFlight.length === 0
  }

  /** Returns the oldest message that the broker has to acknowledge. */
  get oldest(): OutboxMessage | undefined {
    return this.#inFlight.items.find(({ usesQuota }) => usesQuota)
  }

  has(entry: OutboxMessage): boolean {
    return this.#inFlight.has(entry)
  }

  /** Whether the broker accepts a further QoS 1 or 2 message. */
  hasQuota(receiveMaximum: number): boolean {
    return this.#quotaUsed < receiveMaximum
  }

  /** Whether a message may be sent. `suspect` is sent alone: only while no other message uses the quota. */
  hasRoomFor(entry: OutboxMessage, receiveMaximum: number, suspect: OutboxMessage | undefined): boolean {
    const { messages, bytes } = this.#bounds
    if (!this.isEmpty && this.#inFlight.length >= messages) return false
    if (!this.isEmpty && this.#bytes + entry.message.payload.length > bytes) return false
    if (!entry.usesQuota) return true
    const isHeldBack =
      suspect !== undefined && this.#quotaUsed > 0 && (entry === suspect || this.#inFlight.has(suspect))
    return !isHeldBack && this.hasQuota(receiveMaximum)
  }

  add(entry: OutboxMessage): void {
    this.#inFlight.push(entry)
    this.#bytes += entry.message.payload.length
    if (entry.usesQuota) this.#quotaUsed++
  }

  /** Removes a message. Returns whether it was in flight. */
  remove(entry: OutboxMessage): boolean {
    if (!this.#inFlight.remove(entry)) return false
    this.#bytes -= entry.message.payload.length
    if (entry.usesQuota) this.#quotaUsed--
    return true
  }

  /** Removes all messages and returns them. */
  clear(): readonly OutboxMessage[] {
    return this.#inFlight.clear()
  }
}
