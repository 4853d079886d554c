import { malformed, protocolError } from './packet-error.js'
import { isUtf8String } from './utf8.js'

const empty = new Uint8Array()

/** A position in a packet, from which its fields are read. Throws a `PacketError` if the packet ends within a field. */
export class Cursor {
  bytes: Uint8Array = empty
  at = 0
  end = 0

  /** Moves the cursor to other bytes, so that one cursor serves many packets. */
  open(bytes: Uint8Array, at = 0, end: number = bytes.length): this {
    this.bytes = bytes
    this.at = at
    this.end = end
    return this
  }

  /** The number of unread bytes. */
  get rest(): number {
    return this.end - this.at
  }

  /** Moves past `count` bytes. */
  skip(count: number): void {
    if (count > this.end - this.at) throw malformed('the packet ends within a field')
    this.at += count
  }

  /** Reads a byte. */
  byte(): number {
    this.skip(1)
    return this.bytes[this.at - 1] as number
  }

  /** Reads a Two Byte Integer. */
  twoBytes(): number {
    this.skip(2)
    const { bytes, at } = this
    return ((bytes[at - 2] as number) << 8) | (bytes[at - 1] as number)
  }

  /** Reads a Four Byte Integer. */
  fourBytes(): number {
    return this.twoBytes() * 0x10000 + this.twoBytes()
  }

  /** Reads a Variable Byte Integer, which must be encoded in the fewest bytes [MQTT-1.5.5-1]. */
  variableByteInteger(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) << shift
      if (byte > 0x7f) continue
      if (byte > 0 || shift === 0) return value
      throw malformed('a Variable Byte Integer is not encoded in the fewest bytes [MQTT-1.5.5-1]')
    }
    throw malformed('a Variable Byte Integer has more than four bytes [MQTT-1.5.5]')
  }

  /** Reads a Packet Identifier, which must not be 0 [MQTT-2.2.1-3]. */
  packetIdentifier(): number {
    const id = this.twoBytes()
    if (id === 0) throw protocolError('the Packet Identifier is 0 [MQTT-2.2.1-3]')
    return id
  }

  /** Skips Binary Data, or a string without checking it. */
  binary(): void {
    this.skip(this.twoBytes())
  }

  /** Skips a UTF-8 Encoded String after checking it. */
  text(): void {
    const start = this.at + 2
    this.binary()
    checkText(this.bytes, start, this.at)
  }

  /** Skips bytes and returns them, without a copy and without the cost of a Node `Buffer`. */
  view(count: number): Uint8Array {
    this.skip(count)
    return viewOf(this.bytes, this.at - count, this.at)
  }
}

/** Returns a part of `bytes` without copying it; a subarray of a Node `Buffer` costs more. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

/** Throws a `PacketError` if bytes are not a UTF-8 Encoded String. */
export function checkText(bytes: Uint8Array, start: number, end: number): void {
  if (!isUtf8String(bytes, start, end))
    throw malformed('a string is not UTF-8 or contains U+0000 [MQTT-1.5.4-1] [MQTT-1.5.4-2]')
}
