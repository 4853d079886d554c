/** A sent packet with a Packet Identifier that the broker has not acknowledged yet. */
export interface UnacknowledgedPacket {
  readonly id: number
}

const maxIdentifier = 65_535
const initialSlots = 16
const maxSlots = maxIdentifier + 1

/**
 * The unacknowledged packets of one session by Packet Identifier, which is unique among them [MQTT-2.2.1-3].
 *
 * The lowest bits of an identifier select its slot in an array; `nextId` skips identifiers whose slot is occupied. Unlike
 * a `Map`, adding and removing packets allocates nothing.
 */
export class PacketTable<P extends UnacknowledgedPacket> {
  #slots = emptySlots<P>(initialSlots)
  #size = 0
  #last = 0

  /** All packets, in no particular order. */
  get all(): P[] {
    return this.#slots.filter((packet) => packet !== undefined)
  }

  /**
   * Returns an unused identifier for the next packet to add, or `undefined` if all are in use. A released identifier is
   * reused only after all others, so that a late acknowledgement matches no packet.
   */
  nextId(): number | undefined {
    if (this.#size === maxIdentifier) return undefined
    do this.#last = this.#last === maxIdentifier ? 1 : this.#last + 1
    while (this.#slots[this.#slotOf(this.#last)] !== undefined)
    return this.#last
  }

  add(packet: P): void {
    this.#slots[this.#slotOf(packet.id)] = packet
    this.#size += 1
    if (this.#size * 2 > this.#slots.length) this.#grow()
  }

  get(id: number): P | undefined {
    const packet = this.#slots[this.#slotOf(id)]
    return packet?.id === id ? packet : undefined
  }

  /** Removes a packet, if it is in the table. */
  remove(packet: P): void {
    const slot = this.#slotOf(packet.id)
    if (this.#slots[slot] !== packet) return
    this.#slots[slot] = undefined
    this.#size -= 1
  }

  /** Removes all packets, at the end of the session. */
  clear(): void {
    this.#slots = emptySlots(initialSlots)
    this.#size = 0
  }

  #slotOf(id: number): number {
    return id & (this.#slots.length - 1)
  }

  #grow(): void {
    if (this.#slots.length === maxSlots) return
    const packets = this.all
    this.#slots = emptySlots(this.#slots.length * 2)
    for (const packet of packets) this.#slots[this.#slotOf(packet.id)] = packet
  }
}

/** Creates empty slots; `count` must be a power of two. */
function emptySlots<P>(count: number): (P | undefined)[] {
  return new Array<P | undefined>(count).fill(undefined)
}
