import { Reason } from '../packet/reason.js'
import { malformed, violation } from '../packet/violation.js'

const empty = Buffer.alloc(0)

/**
 * Cuts a byte stream into packets. It keeps at most one unfinished packet, never more of it than arrived, and refuses
 * a packet by its announced length alone.
 */
export class Framer {
  /** The largest packet it lets through, fixed header included. */
  maximum: number
  /** The packet that `next` found: its first byte, and where it and its body stand in `bytes`. */
  header = 0
  start = 0
  bodyAt = 0
  end = 0
  bytes: Buffer = empty
  /** How many bytes of `bytes` are there; beyond them is room for more. */
  #filled = 0
  /** Whether `bytes` is a copy of ours that may be written to. */
  #isOwn = false

  constructor(maximum: number) {
    this.maximum = maximum
  }

  /** Bytes that wait for `next`. */
  get waiting(): number {
    return this.#filled - this.end
  }

  /** Takes a chunk. Whoever stops calling `next` before it says no more has to stop reading, too. */
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
      // Doubling keeps a packet that trickles in from being copied once per chunk, and from claiming room ahead of time.
      const bytes = Buffer.allocUnsafeSlow(Math.max(needed, rest * 2))
      bytes.set(this.bytes.subarray(this.end, this.#filled))
      bytes.set(chunk, rest)
      this.bytes = bytes
      this.#isOwn = true
      this.end = 0
    }
    this.#filled = needed
  }

  /** Finds the next whole packet; throws when what arrives can be none. */
  next(): boolean {
    const { bytes, end: start } = this
    const filled = this.#filled
    if (filled - start < 2) return this.#pause()
    let length = 0
    let at = start + 1
    for (let shift = 0; ; shift += 7) {
      if (at >= filled) return this.#pause()
      const byte = bytes[at++] as number
      length += (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0)
          throw malformed('the remaining length is longer than it need be [MQTT-1.5.5-1]')
        break
      }
      if (shift === 21) throw malformed('the remaining length has more than four bytes')
    }
    if (at - start + length > this.maximum) {
      throw violation(
        Reason.packetTooLarge,
        `a packet of ${at - start + length} bytes is announced: ${this.maximum} are allowed [MQTT-3.2.2-15]`,
      )
    }
    if (filled - at < length) return this.#pause()
    this.header = bytes[start] as number
    this.start = start
    this.bodyAt = at
    this.end = at + length
    return true
  }

  /** The packet that `next` found, as bytes of its own range. */
  get packet(): Buffer {
    return this.bytes.subarray(this.start, this.end)
  }

  /** Where in `packet` the body begins. */
  get bodyOffset(): number {
    return this.bodyAt - this.start
  }

  #pause(): false {
    if (this.end === this.#filled) {
      this.bytes = empty
      this.#filled = this.end = 0
    }
    return false
  }
}
