const encoder = new TextEncoder()
// A byte order mark is a character like any other: what was sent is what is read.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// Encoding into a scratch and copying out costs a fifth of `encode` for the short texts most messages are.
const scratch = new Uint8Array(4_096)
const mostBytesPerUnit = 3

/** The UTF-8 bytes of a text. A lone surrogate, which UTF-8 cannot carry, becomes U+FFFD; see `isWellFormed`. */
export function toUtf8(text: string): Uint8Array {
  if (text.length * mostBytesPerUnit > scratch.length) return encoder.encode(text)
  return scratch.slice(0, encoder.encodeInto(text, scratch).written)
}

/** The text of UTF-8 bytes, a byte order mark included; throws a `TypeError` where they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new TypeError('not UTF-8', { cause })
  }
}

/** Whether a text is free of lone surrogates, so that UTF-8 can carry it. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
