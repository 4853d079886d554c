import { viewOf } from './cursor.js'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const slots = 256
const maxInternedLength = 128

/**
 * Decodes UTF-8 strings and reuses earlier results. Topics, content types and the names of user properties repeat; reuse
 * saves the allocation and, for map look-ups, the hashing.
 */
export class StringInterner {
  readonly #strings: string[] = new Array<string>(slots).fill('')

  /** Decodes a string; returns `undefined` if it is not UTF-8 [MQTT-1.5.4-1] or contains U+0000 [MQTT-1.5.4-2]. */
  read(bytes: Uint8Array, from: number, to: number): string | undefined {
    const length = to - from
    if (length > maxInternedLength) return decode(bytes, from, to)
    const slot = slotOf(bytes, from, to)
    const interned = this.#strings[slot] ?? ''
    if (interned.length === length && isSame(interned, bytes, from)) return interned
    const text = decode(bytes, from, to)
    // Interns ASCII only: `isSame` compares one character per byte.
    if (text?.length === length) this.#strings[slot] = text
    return text
  }
}

/** Hashes the last eight bytes: topics often share their beginning. */
function slotOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from
  for (let at = Math.max(from, to - 8); at < to; at += 1) hash = (hash * 31 + (bytes[at] ?? 0)) | 0
  return hash & (slots - 1)
}

function isSame(text: string, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[from + at]) return false
  return true
}

function decode(bytes: Uint8Array, from: number, to: number): string | undefined {
  try {
    const text = decoder.decode(viewOf(bytes, from, to))
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
