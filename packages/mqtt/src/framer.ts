/** Handed a packet: its first byte, and where in `bytes` it begins, its body begins, and it ends. */
export type TakePacket = (bytes: Uint8Array, place: PacketPlace) => void

/** Where a packet stands; the one object is used again for the next. */
export interface PacketPlace {
  /** The type in the upper half, flags in the lower. */
  first: number
  start: number
  body: number
  end: number
}

const nothing = new Uint8Array()
/** The longest fixed header: the first byte, and four for the length. */
const longestHeader = 5

/** Cuts what a connection brings into packets [MQTT-2.1]; keeps what is not whole yet. */
export class Framer {
  readonly #maximum: number
  readonly #take: TakePacket
  readonly #place: PacketPlace = { first: 0, start: 0, body: 0, end: 0 }
  /** What came and was not taken: `#bytes` from `#at` to `#filled`. */
  #bytes: Uint8Array = nothing
  #at = 0
  #filled = 0
  #isHeld = false
  #isCutting = false

  /** `maximum` is the most a packet may take, in bytes. */
  constructor(maximum: number, take: TakePacket) {
    this.#maximum = maximum
    this.#take = take
  }

  /** Takes what arrived; throws when it can be no packet [MQTT-4.13.1-1]. */
  append(chunk: Uint8Array): void {
    const rest = this.#filled - this.#at
    if (rest === 0) {
      // Without what Node adds to it, which would make every cut from it dear.
      this.#bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
      this.#at = 0
      this.#filled = chunk.length
    } else this.#join(chunk, rest)
    this.#cut()
  }

  /** Keeps everything until `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.#cut()
  }

  /** Doubling keeps a packet that trickles in from being copied once for each chunk. */
  #join(chunk: Uint8Array, rest: number): void {
    const needed = rest + chunk.length
    const joined = new Uint8Array(Math.max(needed, rest * 2))
    joined.set(this.#bytes.subarray(this.#at, this.#filled))
    joined.set(chunk, rest)
    this.#bytes = joined
    this.#at = 0
    this.#filled = needed
  }

  #cut(): void {
    if (this.#isCutting) return
    this.#isCutting = true
    try {
      while (!this.#isHeld && this.#next()) this.#take(this.#bytes, this.#place)
    } finally {
      this.#isCutting = false
    }
  }

  /** Finds the next whole packet and steps over it. */
  #next(): boolean {
    const bytes = this.#bytes
    const start = this.#at
    const filled = this.#filled
    let length = 0
    let at = start + 1
    for (let shift = 0; ; shift += 7) {
      if (at - start === longestHeader) throw new Error('a remaining length has more than four bytes')
      if (at >= filled) return false
      const byte = bytes[at++] ?? 0
      length += (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const end = at + length
    if (end - start > this.#maximum) {
      throw new Error(`a packet of ${end - start} bytes is announced: ${this.#maximum} are allowed`)
    }
    if (end > filled) return false
    const place = this.#place
    place.first = bytes[start] ?? 0
    place.start = start
    place.body = at
    place.end = end
    this.#at = end
    return true
  }
}
