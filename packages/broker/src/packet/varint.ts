/** Returns the number of bytes of a Variable Byte Integer. */
export function varintLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4
}

/** Writes a Variable Byte Integer; returns the offset of its end. */
export function writeVarint(buffer: Uint8Array, offset: number, value: number): number {
  while (value > 0x7f) {
    buffer[offset++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  buffer[offset++] = value
  return offset
}

/** Returns the length of a packet with a body of `bodyLength` bytes. */
export function packetLength(bodyLength: number): number {
  return 1 + varintLength(bodyLength) + bodyLength
}
