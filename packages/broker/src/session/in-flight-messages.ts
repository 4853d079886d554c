import type { OutboundMessage } from './outbound-message.js'

/** What a client was sent and has not acknowledged, by packet identifier and in the order of sending. */
export class InFlightMessages {
  #byId: Map<number, OutboundMessage> | undefined
  /** Identifiers of deliveries that still wait, where the storage had to know them ahead. */
  #reserved: Set<number> | undefined
  #lastId = 0
  /** What the present connection was sent and has not acknowledged: how many, and their bytes. */
  outstanding = 0
  outstandingBytes = 0

  get size(): number {
    return this.#byId?.size ?? 0
  }

  get(packetId: number): OutboundMessage | undefined {
    return this.#byId?.get(packetId)
  }

  /** Every delivery, oldest first. */
  all(): OutboundMessage[] {
    return this.#byId === undefined ? [] : [...this.#byId.values()]
  }

  /** Takes a delivery that is sent now, under an identifier of its own. */
  add(delivery: OutboundMessage): void {
    if (delivery.packetId === 0) delivery.packetId = this.#nextId()
    else this.#reserved?.delete(delivery.packetId)
    ;(this.#byId ??= new Map()).set(delivery.packetId, delivery)
  }

  /** Takes note that a delivery was sent on the present connection. */
  sent(delivery: OutboundMessage): void {
    delivery.isOutstanding = true
    this.outstanding++
    this.outstandingBytes += delivery.publication.size
  }

  /** A new connection has come, which was sent nothing yet; tells what is to be sent again, oldest first. */
  restart(): OutboundMessage[] {
    const all = this.all()
    for (const delivery of all) delivery.isOutstanding = false
    this.outstanding = this.outstandingBytes = 0
    return all
  }

  /** Gives a delivery that waits the identifier it will be sent under, or keeps the one it has. */
  reserve(delivery: OutboundMessage): void {
    if (delivery.packetId === 0) delivery.packetId = this.#nextId()
    ;(this.#reserved ??= new Set()).add(delivery.packetId)
  }

  /** Forgets a delivery, and frees its identifier. */
  delete(delivery: OutboundMessage): void {
    const { packetId, publication, isOutstanding } = delivery
    if (isOutstanding) {
      delivery.isOutstanding = false
      this.outstanding--
      this.outstandingBytes -= publication.size
    }
    if (packetId !== 0 && this.#byId?.delete(packetId) !== true) this.#reserved?.delete(packetId)
  }

  /** An identifier that is not in use [MQTT-2.2.1-4]. */
  #nextId(): number {
    let id = this.#lastId
    do id = id === 0xffff ? 1 : id + 1
    while (this.#byId?.has(id) === true || this.#reserved?.has(id) === true)
    this.#lastId = id
    return id
  }
}
