/** The Castagnoli polynomial with its bits reversed. */
const POLYNOMIAL = 0x82f63b78

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1
  return remainder
})

/** Returns the CRC-32C checksum of `bytes` as eight hexadecimal digits. */
export function crc32c(bytes: Uint8Array): string {
  return crc32cNumber(bytes, 0, bytes.length).toString(16).padStart(8, '0')
}

/** Returns the CRC-32C checksum of a part of `bytes` as a number, continued from that of the bytes before. */
export function crc32cNumber(bytes: Uint8Array, start: number, end: number, before = 0): number {
  let sum = before ^ 0xffffffff
  for (let at = start; at < end; at++) sum = (sum >>> 8) ^ (TABLE[(sum ^ (bytes[at] ?? 0)) & 0xff] ?? 0)
  return (sum ^ 0xffffffff) >>> 0
}
