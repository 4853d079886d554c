import type { Delivery } from './delivery.js'

/** What a client was sent and has not acknowledged, by packet identifier and in the order of sending. */
export class InFlight {
  #byId: Map<number, Delivery> | undefined
  /** Identifiers of deliveries that still wait, where the storage had to know them ahead. */
  #reserved: Set<number> | undefined
  #lastId = 0

  get size(): number {
    return this.#byId?.size ?? 0
  }

  get(packetId: number): Delivery | undefined {
    return this.#byId?.get(packetId)
  }

  /** Every delivery, oldest first. */
  all(): Delivery[] {
    return this.#byId === undefined ? [] : [...this.#byId.values()]
  }

  /** Takes a delivery that is sent now, under an identifier of its own. */
  add(delivery: Delivery): void {
    if (delivery.packetId === 0) delivery.packetId = this.#nextId()
    else this.#reserved?.delete(delivery.packetId)
    ;(this.#byId ??= new Map()).set(delivery.packetId, delivery)
  }

  /** Gives a delivery that waits the identifier it will be sent under, or keeps the one it has. */
  reserve(delivery: Delivery): void {
    if (delivery.packetId === 0) delivery.packetId = this.#nextId()
    ;(this.#reserved ??= new Set()).add(delivery.packetId)
  }

  /** Frees a delivery's identifier. */
  delete({ packetId }: Delivery): void {
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
