/** How many characters are made at a time; a call takes only so many arguments. */
const SPAN = 4_096

/** Bytes as a string of as many characters, so that they can be a key; every byte survives. */
export function fromBytes(bytes: Uint8Array): string {
  if (bytes.length <= SPAN) return String.fromCharCode(...bytes)
  let token = ''
  for (let at = 0; at < bytes.length; at += SPAN)
    token += String.fromCharCode(...bytes.subarray(at, at + SPAN))
  return token
}

/** The bytes of a token whose characters all stand for one byte. */
export function toBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length)
  for (let at = 0; at < token.length; at++) bytes[at] = token.charCodeAt(at)
  return bytes
}
