/** A packet that waits for its answer. */
export interface AwaitingPacket {
  readonly id: number
}

const highest = 65_535
const slotsAtFirst = 16
const mostSlots = highest + 1

/**
 * The packets of one session that wait for an answer, each under an identifier of its own [MQTT-2.2.1-3].
 *
 * The lowest bits of an identifier say in which slot it is, and one whose slot is taken is passed over: an array, in which
 * coming and going leaves nothing behind, as it would in a `Map`.
 */
export class PacketTable<P extends AwaitingPacket> {
  #slots = emptySlots<P>(slotsAtFirst)
  #size = 0
  #last = 0

  /** Those who wait, in no promised order. */
  get all(): P[] {
    return this.#slots.filter((packet) => packet !== undefined)
  }

  /**
   * An identifier for the packet that is added next, `undefined` when all are in use. One that has become free comes
   * again after a full turn, so that a late answer finds nobody.
   */
  nextId(): number | undefined {
    if (this.#size === highest) return undefined
    do this.#last = this.#last === highest ? 1 : this.#last + 1
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

  /** It waits no longer, if it did. */
  remove(packet: P): void {
    const slot = this.#slotOf(packet.id)
    if (this.#slots[slot] !== packet) return
    this.#slots[slot] = undefined
    this.#size -= 1
  }

  /** Removes all: the session is over. */
  clear(): void {
    this.#slots = emptySlots(slotsAtFirst)
    this.#size = 0
  }

  #slotOf(id: number): number {
    return id & (this.#slots.length - 1)
  }

  #grow(): void {
    if (this.#slots.length === mostSlots) return
    const packets = this.all
    this.#slots = emptySlots(this.#slots.length * 2)
    for (const packet of packets) this.#slots[this.#slotOf(packet.id)] = packet
  }
}

/** Their number is a power of two. */
function emptySlots<P>(count: number): (P | undefined)[] {
  return new Array<P | undefined>(count).fill(undefined)
}
