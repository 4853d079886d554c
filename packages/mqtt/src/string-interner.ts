const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const slots = 256
const longestKept = 128

/**
 * Reads strings. Topics, content types and the names of properties come again and again: one that came before is not
 * made anew, which saves the making and, where it is looked up in a map, its hashing.
 */
export class StringInterner {
  readonly #kept: string[] = new Array<string>(slots).fill('')

  /** The string these bytes are; `undefined` where they are not UTF-8 [MQTT-1.5.4-1] or hold U+0000 [MQTT-1.5.4-2]. */
  read(bytes: Uint8Array, from: number, to: number): string | undefined {
    const length = to - from
    if (length > longestKept) return decode(bytes, from, to)
    const slot = slotOf(bytes, from, to)
    const kept = this.#kept[slot] ?? ''
    if (kept.length === length && isSame(kept, bytes, from)) return kept
    const text = decode(bytes, from, to)
    // Only of ASCII does it hold that each character is one byte.
    if (text?.length === length) this.#kept[slot] = text
    return text
  }
}

/** What many strings have in common is how they begin, so their end tells them apart. */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  let mixed = to - from
  for (let at = Math.max(from, to - 8); at < to; at += 1) mixed = (mixed * 31 + (bytes[at] ?? 0)) | 0
  return mixed & (slots - 1)
}

function isSame(text: string, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[from + at]) return false
  return true
}

function decode(bytes: Uint8Array, from: number, to: number): string | undefined {
  try {
    const text = decoder.decode(bytes.subarray(from, to))
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
