const encoder = new TextEncoder()

/** A growing buffer that encodes MQTT's data types [MQTT-1.5]. Reusable after `clear` or `take`. */
export class PacketBytes {
  #bytes: Uint8Array<ArrayBuffer>
  #used = 0

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#used
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#used++] = value
  }

  twoBytes(value: number): void {
    this.#reserve(2)
    this.#bytes[this.#used++] = value >>> 8
    this.#bytes[this.#used++] = value
  }

  fourBytes(value: number): void {
    this.twoBytes(value >>> 16)
    this.twoBytes(value)
  }

  /** Appends a Variable Byte Integer: seven bits per byte, the lowest first [MQTT-1.5.5-1]. */
  variable(value: number): void {
    let left = value
    for (; left > 0x7f; left >>>= 7) this.byte((left & 0x7f) | 0x80)
    this.byte(left)
  }

  /** Appends a UTF-8 Encoded String: its length in two bytes, then its bytes. */
  text(value: string): void {
    this.#reserve(2 + value.length * 3)
    const bytes = this.#bytes
    const start = this.#used + 2
    let end = start
    for (let at = 0; at < value.length; at += 1) {
      const unit = value.charCodeAt(at)
      if (unit > 0x7f) {
        end = start + encoder.encodeInto(value, bytes.subarray(start)).written
        break
      }
      bytes[end++] = unit
    }
    this.twoBytes(end - start)
    this.#used = end
  }

  /** Appends Binary Data: its length in two bytes, then its bytes. */
  binary(value: Uint8Array): void {
    this.twoBytes(value.length)
    this.raw(value)
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#used)
    this.#used += value.length
  }

  /** Appends the contents of another buffer. */
  append(other: PacketBytes): void {
    this.raw(other.#bytes.subarray(0, other.#used))
  }

  clear(): void {
    this.#used = 0
  }

  /** Returns a copy of the contents and clears the buffer. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#used)
    this.#used = 0
    return taken
  }

  #reserve(more: number): void {
    const needed = this.#used + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = grown
  }
}
