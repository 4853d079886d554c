const encoder = new TextEncoder()

/** The most bytes of a UTF-8 Encoded String or of Binary Data: the length has two bytes [MQTT-1.5.4]. */
export const maxStringSize = 65_535

/** Returns the number of UTF-8 bytes of a text without lone surrogates. */
export function utf8Size(text: string): number {
  let size = text.length
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    // Each half of a surrogate pair counts for two of its four bytes.
    if (unit >= 0x80) size += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return size
}

/** Writes a text as UTF-8, for which there must be room; returns the offset of its end. ASCII takes no call of `TextEncoder`. */
export function writeUtf8(bytes: Uint8Array, offset: number, text: string): number {
  let end = offset
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit > 0x7f) return offset + encoder.encodeInto(text, bytes.subarray(offset)).written
    bytes[end++] = unit
  }
  return end
}

/** Returns whether bytes are a UTF-8 Encoded String: well-formed [MQTT-1.5.4-1], without U+0000 [MQTT-1.5.4-2]. */
export function isUtf8String(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end) {
    const first = bytes[at] as number
    if (first < 0x80) {
      if (first === 0) return false
      at += 1
      continue
    }
    const length = sequenceLength(first)
    if (length === 0 || at + length > end || !isSecondByte(first, bytes[at + 1] as number)) return false
    for (let next = at + 2; next < at + length; next += 1)
      if (((bytes[next] as number) & 0xc0) !== 0x80) return false
    at += length
  }
  return true
}

/** Returns 0 for a byte that begins no sequence: a continuation, an overlong form, or a code point above U+10FFFF. */
function sequenceLength(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 0
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}

/** The second byte excludes overlong forms, surrogates and code points above U+10FFFF (RFC 3629, section 4). */
function isSecondByte(first: number, second: number): boolean {
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  return second >= lowest && second <= highest
}
