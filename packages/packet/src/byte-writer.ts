import { maxStringSize, writeUtf8 } from './utf8.js'
import { variableByteIntegerSize, writeVariableByteInteger } from './variable-byte-integer.js'

/** A growing buffer that encodes MQTT's data types [MQTT-1.5]. Reusable after `clear` or `take`. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #used = 0

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#used
  }

  /** The buffer into which `reserve` tells where to write. It changes as the writer grows. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Makes room for `count` bytes, to be written next; returns their offset in `bytes`. */
  reserve(count: number): number {
    this.#ensure(count)
    const at = this.#used
    this.#used = at + count
    return at
  }

  /** Appends a byte. */
  byte(value: number): void {
    const at = this.reserve(1)
    this.#bytes[at] = value
  }

  /** Appends a Two Byte Integer. */
  twoBytes(value: number): void {
    const at = this.reserve(2)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
  }

  /** Appends a Four Byte Integer. */
  fourBytes(value: number): void {
    this.twoBytes(value >>> 16)
    this.twoBytes(value)
  }

  /** Appends a Variable Byte Integer. */
  variableByteInteger(value: number): void {
    const at = this.reserve(variableByteIntegerSize(value))
    writeVariableByteInteger(this.#bytes, at, value)
  }

  /** Appends a UTF-8 Encoded String: its length in two bytes, then its bytes. Throws a `RangeError` if it is too long. */
  text(value: string): void {
    this.#ensure(2 + value.length * 3)
    const start = this.#used + 2
    const end = writeUtf8(this.#bytes, start, value)
    this.#sizeField(end - start)
    this.#used = end
  }

  /** Appends Binary Data: its length in two bytes, then its bytes. Throws a `RangeError` if it is too long. */
  binary(value: Uint8Array): void {
    this.#sizeField(value.length)
    this.raw(value)
  }

  /** Appends bytes without their length. */
  raw(value: Uint8Array): void {
    const at = this.reserve(value.length)
    this.#bytes.set(value, at)
  }

  /** Appends the contents of another writer. */
  append(other: ByteWriter): void {
    this.raw(other.#bytes.subarray(0, other.#used))
  }

  /** Removes all bytes and keeps the buffer. */
  clear(): void {
    this.#used = 0
  }

  /** Returns a copy of the contents and clears the writer. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#used)
    this.#used = 0
    return taken
  }

  #sizeField(size: number): void {
    if (size > maxStringSize)
      throw new RangeError(
        `cannot encode a field of ${size} bytes: MQTT allows ${maxStringSize} [MQTT-1.5.4]`,
      )
    this.twoBytes(size)
  }

  #ensure(more: number): void {
    const needed = this.#used + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = grown
  }
}
