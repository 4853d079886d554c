import { isUtf8 } from 'node:buffer'
import { malformed } from './violation.js'

/** Reads one packet from its first byte to its last and refuses what is not there. */
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
    if (count > this.end - this.at) throw malformed('the packet ends in the middle of a field')
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

  /** A variable byte integer, in the fewest bytes that hold it [MQTT-1.5.5-1]. */
  varint(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) << shift
      if (byte < 0x80) {
        if (byte === 0 && shift > 0)
          throw malformed('a variable byte integer is longer than it need be [MQTT-1.5.5-1]')
        return value
      }
    }
    throw malformed('a variable byte integer has more than four bytes')
  }

  /** Steps over binary data. */
  binary(): void {
    this.skip(this.word())
  }

  /** Steps over a string after checking it: well-formed UTF-8 [MQTT-1.5.4-1] without U+0000 [MQTT-1.5.4-2]. */
  text(): void {
    const length = this.word()
    const start = this.at
    this.skip(length)
    if (!isText(this.bytes, start, this.at))
      throw malformed('a string is not UTF-8 or holds U+0000 [MQTT-1.5.4-1/2]')
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
