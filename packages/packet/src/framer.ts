import { Cursor } from './cursor.js'
import { malformed, PacketError } from './packet-error.js'
import { Reason } from './reason.js'

/**
 * A splitter of a byte stream into packets [MQTT-2.1]. It buffers at most one incomplete packet, and throws as soon as a
 * Remaining Length is malformed or exceeds the maximum.
 *
 * To pause, stop calling `next`; to bound the memory, pause the stream as well.
 */
export class Framer<Bytes extends Uint8Array = Uint8Array> {
  /** The size of the largest accepted packet, including the fixed header. */
  maximum: number
  /** The packet that `next` found: its first byte, its body, and the offset of its start in `body.bytes`. */
  firstByte = 0
  readonly body: Cursor = new Cursor()
  start = 0
  readonly #allocate: (size: number) => Bytes
  readonly #empty: Bytes
  #bytes: Bytes
  /** The received bytes are `#bytes` up to `#filled`; those before `#at` have been read. */
  #at = 0
  #filled = 0
  /** Whether `#bytes` is the framer's own copy, which may be written to. */
  #isOwn = false

  /** `allocate` returns the buffers for packets that arrive in several chunks; they need not be zeroed. */
  constructor(maximum: number, allocate: (size: number) => Bytes) {
    this.maximum = maximum
    this.#allocate = allocate
    this.#bytes = this.#empty = allocate(0)
  }

  /** The number of bytes that `next` has not consumed. */
  get pendingBytes(): number {
    return this.#filled - this.#at
  }

  /** The bytes of the packet that `next` found, without a copy. */
  get packet(): Bytes {
    return this.#bytes.subarray(this.start, this.#at) as Bytes
  }

  /** Appends a chunk. It is not copied if no incomplete packet precedes it. */
  append(chunk: Bytes): void {
    const rest = this.#filled - this.#at
    if (rest === 0) {
      this.#bytes = chunk
      this.#isOwn = false
      this.#at = 0
      this.#filled = chunk.length
      return
    }
    const needed = rest + chunk.length
    if (this.#isOwn && this.#at === 0 && needed <= this.#bytes.length) this.#bytes.set(chunk, rest)
    else {
      // Doubling avoids one copy per chunk of a slow packet, and an allocation of the announced length ahead of its bytes.
      const grown = this.#allocate(Math.max(needed, rest * 2))
      grown.set(this.#bytes.subarray(this.#at, this.#filled))
      grown.set(chunk, rest)
      this.#bytes = grown
      this.#isOwn = true
      this.#at = 0
    }
    this.#filled = needed
  }

  /** Finds the next complete packet and consumes it. Throws a `PacketError` if there can be none. */
  next(): boolean {
    const bytes = this.#bytes
    const start = this.#at
    const filled = this.#filled
    let length = 0
    let at = start + 1
    for (let shift = 0; ; shift += 7) {
      if (at >= filled) return this.#awaitMore()
      const byte = bytes[at++] as number
      length += (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte > 0 || shift === 0) break
        throw malformed('the Remaining Length is not encoded in the fewest bytes [MQTT-1.5.5-1]')
      }
      if (shift === 21) throw malformed('the Remaining Length has more than four bytes [MQTT-1.5.5]')
    }
    const end = at + length
    if (end - start > this.maximum) throw tooLarge(end - start, this.maximum)
    if (end > filled) return this.#awaitMore()
    this.firstByte = bytes[start] as number
    this.start = start
    this.body.open(bytes, at, end)
    this.#at = end
    return true
  }

  /** Releases what has been consumed: an idle connection owns no memory. */
  #awaitMore(): false {
    this.body.open(this.#empty)
    if (this.#at === this.#filled) {
      this.#bytes = this.#empty
      this.#filled = this.#at = 0
    }
    return false
  }
}

function tooLarge(size: number, maximum: number): PacketError {
  return new PacketError(
    Reason.packetTooLarge,
    `the packet has ${size} bytes: the Maximum Packet Size is ${maximum} [MQTT-3.1.2-24] [MQTT-3.2.2-15]`,
  )
}
