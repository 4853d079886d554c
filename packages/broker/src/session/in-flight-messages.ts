import type { OutboundMessage } from './outbound-message.js'

/** The messages that were sent to a client and not acknowledged, by Packet Identifier, in the order of sending. */
export class InFlightMessages {
  #byId: Map<number, OutboundMessage> | undefined
  /** Packet Identifiers of stored messages that have not been sent yet. */
  #reserved: Set<number> | undefined
  #lastId = 0
  /** The number and bytes of the messages that were sent on the present connection and not acknowledged. */
  outstanding = 0
  outstandingBytes = 0

  get size(): number {
    return this.#byId?.size ?? 0
  }

  get(packetId: number): OutboundMessage | undefined {
    return this.#byId?.get(packetId)
  }

  /** Returns all messages, oldest first. */
  all(): OutboundMessage[] {
    return this.#byId === undefined ? [] : [...this.#byId.values()]
  }

  /** Adds a message that is about to be sent, and assigns its Packet Identifier if it has none. */
  add(message: OutboundMessage): void {
    if (message.packetId === 0) message.packetId = this.#nextId()
    else this.#reserved?.delete(message.packetId)
    ;(this.#byId ??= new Map()).set(message.packetId, message)
  }

  /** Marks a message as sent on the present connection. */
  sent(message: OutboundMessage): void {
    message.isOutstanding = true
    this.outstanding++
    this.outstandingBytes += message.publication.size
  }

  /** Begins a new connection; returns the messages to resend on it, oldest first. */
  restart(): OutboundMessage[] {
    const all = this.all()
    for (const message of all) message.isOutstanding = false
    this.outstanding = this.outstandingBytes = 0
    return all
  }

  /** Assigns a Packet Identifier to a message that will be sent later, if it has none. */
  reserve(message: OutboundMessage): void {
    if (message.packetId === 0) message.packetId = this.#nextId()
    ;(this.#reserved ??= new Set()).add(message.packetId)
  }

  /** Removes a message and frees its Packet Identifier. */
  delete(message: OutboundMessage): void {
    const { packetId, publication, isOutstanding } = message
    if (isOutstanding) {
      message.isOutstanding = false
      this.outstanding--
      this.outstandingBytes -= publication.size
    }
    if (packetId !== 0 && this.#byId?.delete(packetId) !== true) this.#reserved?.delete(packetId)
  }

  /** Returns a Packet Identifier that is not in use [MQTT-2.2.1-4]. */
  #nextId(): number {
    let id = this.#lastId
    do id = id === 0xffff ? 1 : id + 1
    while (this.#byId?.has(id) === true || this.#reserved?.has(id) === true)
    this.#lastId = id
    return id
  }
}
