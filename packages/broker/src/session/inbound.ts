/** What a client is in the middle of sending: how much of it is unanswered, and its QoS 2 messages. */
export class Inbound {
  /** QoS 1 messages about which nothing was said yet; those of a lost connection are forgotten. */
  unansweredQoS1 = 0
  /** QoS 2 messages by packet identifier: taken, and whether PUBREC has said so. */
  readonly #qos2 = new Map<number, boolean>()

  /** How many messages count against the Receive Maximum we gave [MQTT-3.3.4-7]. */
  get count(): number {
    return this.unansweredQoS1 + this.#qos2.size
  }

  get packetIds(): Iterable<number> {
    return this.#qos2.keys()
  }

  has(packetId: number): boolean {
    return this.#qos2.has(packetId)
  }

  /** Whether a message was answered with PUBREC; one that a hook still looks at was not. */
  isAnswered(packetId: number): boolean {
    return this.#qos2.get(packetId) === true
  }

  begin(packetId: number): void {
    this.#qos2.set(packetId, false)
  }

  answered(packetId: number): void {
    this.#qos2.set(packetId, true)
  }

  end(packetId: number): boolean {
    return this.#qos2.delete(packetId)
  }

  connectionLost(): void {
    this.unansweredQoS1 = 0
  }
}
