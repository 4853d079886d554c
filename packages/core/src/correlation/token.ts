/** The number of characters per `String.fromCharCode` call, as the number of arguments is limited. */
const MAX_ARGUMENTS = 4_096

/** A buffer of character codes, reused by all calls to save allocations. */
let codes: number[] = []

/** Converts bytes to a string with one character per byte, for use as a `Map` key. */
export function fromBytes(bytes: Uint8Array): string {
  let token = ''
  for (let start = 0; start < bytes.length; start += MAX_ARGUMENTS) {
    const length = Math.min(bytes.length - start, MAX_ARGUMENTS)
    // Spreading a plain array is six times as fast as spreading a Uint8Array (decision 0009).
    if (codes.length !== length) codes = new Array<number>(length).fill(0)
    for (let at = 0; at < length; at++) codes[at] = bytes[start + at] ?? 0
    token += String.fromCharCode(...codes)
  }
  return token
}

/** Converts a string with one character per byte back to bytes. */
export function toBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length)
  for (let at = 0; at < token.length; at++) bytes[at] = token.charCodeAt(at)
  return bytes
}
