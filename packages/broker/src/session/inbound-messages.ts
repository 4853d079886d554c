/** The messages from a client that are not completed: the number at QoS 1, and the Packet Identifiers at QoS 2. */
export class InboundMessages {
  /** The number of unacknowledged QoS 1 messages; reset when the connection is lost. */
  unacknowledgedQoS1 = 0
  /** The Packet Identifiers of QoS 2 messages, and whether PUBREC has been sent. */
  readonly #qos2 = new Map<number, boolean>()

  /** The number of messages that count against the broker's Receive Maximum [MQTT-3.3.4-7]. */
  get count(): number {
    return this.unacknowledgedQoS1 + this.#qos2.size
  }

  get packetIds(): Iterable<number> {
    return this.#qos2.keys()
  }

  has(packetId: number): boolean {
    return this.#qos2.has(packetId)
  }

  /** Whether PUBREC has been sent; it has not while a hook is pending. */
  hasSentPubrec(packetId: number): boolean {
    return this.#qos2.get(packetId) === true
  }

  begin(packetId: number): void {
    this.#qos2.set(packetId, false)
  }

  pubrecSent(packetId: number): void {
    this.#qos2.set(packetId, true)
  }

  end(packetId: number): boolean {
    return this.#qos2.delete(packetId)
  }

  connectionLost(): void {
    this.unacknowledgedQoS1 = 0
  }
}
