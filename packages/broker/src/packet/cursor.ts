import { isUtf8 } from 'node:buffer'
import { malformed } from './violation.js'

/** A position in one packet, from which its fields are read. Throws a violation if the packet ends within a field. */
export class Cursor {
  constructor(
    readonly bytes: Buffer,
    public at: number,
    readonly end: number,
  ) {}

  get rest(): number {
    return this.end - this.at
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw malformed('the packet ends within a field')
    this.at += count
  }

  byte(): number {
    this.skip(1)
    return this.bytes[this.at - 1] as number
  }

  word(): number {
    this.skip(2)
    return this.bytes.readUInt16BE(this.at - 2)
  }

  long(): number {
    this.skip(4)
    return this.bytes.readUInt32BE(this.at - 4)
  }

  /** Reads a Variable Byte Integer, which must be encoded in the fewest bytes [MQTT-1.5.5-1]. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0)
          throw malformed('a Variable Byte Integer is not encoded in the fewest bytes [MQTT-1.5.5-1]')
        return value
      }
    }
    throw malformed('a Variable Byte Integer has more than four bytes')
  }

  /** Skips Binary Data. */
  binary(): void {
    this.skip(this.word())
  }

  /** Skips a string after checking it: it must be well-formed UTF-8 [MQTT-1.5.4-1] without U+0000 [MQTT-1.5.4-2]. */
  text(): void {
    const length = this.word()
    const start = this.at
    this.skip(length)
    if (!isText(this.bytes, start, this.at))
      throw malformed('a string is not UTF-8 or contains U+0000 [MQTT-1.5.4-1/2]')
  }
}

/** Whether a range of bytes is well-formed UTF-8 without U+0000. */
export function isText(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number
    if (byte === 0) return false
    if (byte > 0x7f) return isUtf8(bytes.subarray(at, end)) && bytes.subarray(at, end).indexOf(0) < 0
  }
  return true
}
