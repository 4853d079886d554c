/** How many bytes a variable byte integer takes. */
export function varintLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4
}

/** Writes a variable byte integer and tells where it ends. */
export function writeVarint(into: Uint8Array, at: number, value: number): number {
  while (value > 0x7f) {
    into[at++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  into[at++] = value
  return at
}

/** The length of a packet with a body of `bodyLength`. */
export function packetLength(bodyLength: number): number {
  return 1 + varintLength(bodyLength) + bodyLength
}
