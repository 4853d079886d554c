/** Bytes as a string of as many characters, so that they can be a key; every byte survives. */
export function fromBytes(bytes: Uint8Array): string {
  let token = ''
  for (const byte of bytes) token += String.fromCharCode(byte)
  return token
}

/** The bytes of a token whose characters all stand for one byte. */
export function toBytes(token: string): Uint8Array {
  return Uint8Array.from(token, (character) => character.charCodeAt(0))
}
