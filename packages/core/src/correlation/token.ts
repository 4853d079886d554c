/** How many characters are made at a time; a call takes only so many arguments. */
const SPAN = 4_096

/** Character codes on their way into a string; nothing of them outlives the call. */
let codes: number[] = []

/** Bytes as a string of as many characters, so that they can be a key; every byte survives. */
export function fromBytes(bytes: Uint8Array): string {
  let token = ''
  for (let start = 0; start < bytes.length; start += SPAN) {
    const length = Math.min(bytes.length - start, SPAN)
    // A plain array is spread six times as fast as bytes are, and most tokens have one length.
    if (codes.length !== length) codes = new Array<number>(length).fill(0)
    for (let at = 0; at < length; at++) codes[at] = bytes[start + at] ?? 0
    token += String.fromCharCode(...codes)
  }
  return token
}

/** The bytes of a token whose characters all stand for one byte. */
export function toBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length)
  for (let at = 0; at < token.length; at++) bytes[at] = token.charCodeAt(at)
  return bytes
}
