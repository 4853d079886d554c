import { Reason } from '../packet/reason.js'
import { malformed, violation } from '../packet/violation.js'

const empty = Buffer.alloc(0)

/**
 * A splitter of a byte stream into packets. It buffers at most one incomplete packet, and throws as soon as a
 * Remaining Length exceeds the maximum.
 */
export class Framer {
  /** The size of the largest accepted packet, including the fixed header. */
  maximum: number
  /** The packet that `next` found: its first byte, and the offsets of the packet and its body in `bytes`. */
  header = 0
  start = 0
  bodyAt = 0
  end = 0
  bytes: Buffer = empty
  /** The number of received bytes in `bytes`; the rest of it is free. */
  #filled = 0
  /** Whether `bytes` is the framer's own copy, which may be written to. */
  #isOwn = false

  constructor(maximum: number) {
    this.maximum = maximum
  }

  /** The number of bytes that `next` has not consumed. */
  get pendingBytes(): number {
    return this.#filled - this.end
  }

  /** Appends a chunk. Pause the stream if you stop calling `next` before it returns `false`. */
  append(chunk: Buffer): void {
    const rest = this.#filled - this.end
    if (rest === 0) {
      this.bytes = chunk
      this.#filled = chunk.length
      this.#isOwn = false
      this.end = 0
      return
    }
    const needed = rest + chunk.length
    if (this.#isOwn && this.end === 0 && needed <= this.bytes.length) {
      this.bytes.set(chunk, this.#filled)
    } else {
      // Doubling avoids one copy per chunk of a slow packet, and an allocation of the announced length ahead of its
      // bytes.
      const bytes = Buffer.allocUnsafeSlow(Math.max(needed, rest * 2))
      bytes.set(this.bytes.subarray(this.end, this.#filled))
      bytes.set(chunk, rest)
      this.bytes = bytes
      this.#isOwn = true
      this.end = 0
    }
    this.#filled = needed
  }

  /** Finds the next complete packet; throws a violation if the Remaining Length is malformed or too large. */
  next(): boolean {
    const { bytes, end: start } = this
    const filled = this.#filled
    if (filled - start < 2) return this.#awaitMore()
    let length = 0
    let at = start + 1
    for (let shift = 0; ; shift += 7) {
      if (at >= filled) return this.#awaitMore()
      const byte = bytes[at++] as number
      length += (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0)
          throw malformed('the Remaining Length is not encoded in the fewest bytes [MQTT-1.5.5-1]')
        break
      }
      if (shift === 21) throw malformed('the Remaining Length has more than four bytes')
    }
    if (at - start + length > this.maximum) {
      throw violation(
        Reason.packetTooLarge,
        `the packet has ${at - start + length} bytes: the Maximum Packet Size is ${this.maximum} [MQTT-3.2.2-15]`,
      )
    }
    if (filled - at < length) return this.#awaitMore()
    this.header = bytes[start] as number
    this.start = start
    this.bodyAt = at
    this.end = at + length
    return true
  }

  /** The bytes of the packet that `next` found. */
  get packet(): Buffer {
    return this.bytes.subarray(this.start, this.end)
  }

  /** The offset of the body in `packet`. */
  get bodyOffset(): number {
    return this.bodyAt - this.start
  }

  #awaitMore(): false {
    if (this.end === this.#filled) {
      this.bytes = empty
      this.#filled = this.end = 0
    }
    return false
  }
}
