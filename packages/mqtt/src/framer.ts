/** Receives one packet: the bytes that contain it, and its bounds in them. */
export type PacketHandler = (bytes: Uint8Array, bounds: PacketBounds) => void

/** The position of a packet in a byte array. The framer reuses one object for all packets. */
export interface PacketBounds {
  /** The packet type in the upper four bits, flags in the lower four. */
  firstByte: number
  start: number
  bodyStart: number
  end: number
}

const empty = new Uint8Array()
/** The longest fixed header: the first byte and a Remaining Length of four bytes. */
const maxHeaderBytes = 5

/** Splits the inbound bytes of a connection into packets [MQTT-2.1]; buffers incomplete packets. */
export class Framer {
  readonly #maximum: number
  readonly #onPacket: PacketHandler
  readonly #bounds: PacketBounds = { firstByte: 0, start: 0, bodyStart: 0, end: 0 }
  /** The unread bytes are `#bytes` from `#at` to `#filled`. */
  #bytes: Uint8Array = empty
  #at = 0
  #filled = 0
  #isPaused = false
  #isEmitting = false

  /** `maximum` is the Maximum Packet Size, in bytes. */
  constructor(maximum: number, onPacket: PacketHandler) {
    this.#maximum = maximum
    this.#onPacket = onPacket
  }

  /** Emits the packets that `chunk` completes; throws if the bytes are not a valid packet [MQTT-4.13.1-1]. */
  append(chunk: Uint8Array): void {
    const rest = this.#filled - this.#at
    if (rest === 0) {
      // A plain Uint8Array: subarrays of a Node `Buffer` are slower to create.
      this.#bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
      this.#at = 0
      this.#filled = chunk.length
    } else this.#appendToRest(chunk, rest)
    this.#emitPackets()
  }

  /** Buffers all packets until `resume`. */
  pause(): void {
    this.#isPaused = true
  }

  /** Emits the buffered packets, and later ones again as they arrive. */
  resume(): void {
    this.#isPaused = false
    this.#emitPackets()
  }

  /** Appends to the unread bytes. Doubling the buffer avoids one copy per chunk of a packet that arrives in many. */
  #appendToRest(chunk: Uint8Array, rest: number): void {
    const needed = rest + chunk.length
    const grown = new Uint8Array(Math.max(needed, rest * 2))
    grown.set(this.#bytes.subarray(this.#at, this.#filled))
    grown.set(chunk, rest)
    this.#bytes = grown
    this.#at = 0
    this.#filled = needed
  }

  #emitPackets(): void {
    if (this.#isEmitting) return
    this.#isEmitting = true
    try {
      while (!this.#isPaused && this.#nextPacket()) this.#onPacket(this.#bytes, this.#bounds)
    } finally {
      this.#isEmitting = false
    }
  }

  /** Sets the bounds of the next complete packet and advances past it; returns `false` if the bytes contain no complete packet. */
  #nextPacket(): boolean {
    const bytes = this.#bytes
    const start = this.#at
    const filled = this.#filled
    let length = 0
    let at = start + 1
    for (let shift = 0; ; shift += 7) {
      if (at - start === maxHeaderBytes)
        throw new Error('malformed packet: its Remaining Length has more than four bytes')
      if (at >= filled) return false
      const byte = bytes[at++] ?? 0
      length += (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const end = at + length
    if (end - start > this.#maximum) {
      throw new Error(
        `the broker sent a packet of ${end - start} bytes: the Maximum Packet Size is ${this.#maximum} bytes`,
      )
    }
    if (end > filled) return false
    const bounds = this.#bounds
    bounds.firstByte = bytes[start] ?? 0
    bounds.start = start
    bounds.bodyStart = at
    bounds.end = end
    this.#at = end
    return true
  }
}
