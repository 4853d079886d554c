/** The largest Variable Byte Integer: four bytes of seven bits [MQTT-1.5.5]. */
export const maxVariableByteInteger = 268_435_455

/** Returns the number of bytes that `value` takes as a Variable Byte Integer. */
export function variableByteIntegerSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4
}

/** Writes a Variable Byte Integer, the lowest seven bits first; returns the offset of its end. */
export function writeVariableByteInteger(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset
  let left = value
  for (; left > 0x7f; left >>>= 7) bytes[at++] = (left & 0x7f) | 0x80
  bytes[at] = left
  return at + 1
}

/** Returns the size of a packet whose Remaining Length is `remainingLength`. */
export function packetSize(remainingLength: number): number {
  return 1 + variableByteIntegerSize(remainingLength) + remainingLength
}
