import { readUnsigned, untilBreak } from './require-well-formed.js'
import type { ItemHead } from './require-well-formed.js'

const bytes = 2
const text = 3
const array = 4
const map = 5
const tag = 6
const simple = 7

const indefinite = 31

/** Reads the head of a CBOR item [RFC 8949, 3]: three bits of major type, five bits of a number or of its size. */
export function readCborHead(payload: Uint8Array, at: number): ItemHead {
  const firstByte = payload[at] ?? 0
  const major = firstByte >>> 5
  const info = firstByte & 0x1f
  if (info === indefinite) return indefiniteHead(major, at)

  const size = sizeOfNumber(info, at)
  const number = size === 0 ? info : readUnsigned(payload, at + 1, size)
  const next = at + 1 + size
  switch (major) {
    case bytes:
      return { next: next + number }
    case text:
      return { next: next + number, textFrom: next }
    case array:
      return { next, items: number }
    case map:
      return { next, items: 2 * number }
    case tag:
      return { next, items: 1 }
    default:
      return { next }
  }
}

function sizeOfNumber(info: number, at: number): number {
  if (info < 24) return 0
  if (info > 27) throw new SyntaxError(`invalid item head at byte ${at}`)
  return 2 ** (info - 24)
}

function indefiniteHead(major: number, at: number): ItemHead {
  const next = at + 1
  if (major === array || major === map) return { next, items: untilBreak }
  if (major === simple) return { next, isBreak: true }
  throw new SyntaxError(`unsupported indefinite-length string at byte ${at}`)
}
