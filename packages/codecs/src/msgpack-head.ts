import { readUnsigned } from './require-well-formed.js'
import type { ItemHead } from './require-well-formed.js'

/** The layout of an item, determined by its first byte. */
interface Layout {
  readonly kind: 'plain' | 'integer64' | 'text' | 'bytes' | 'extension' | 'array' | 'map'
  /** How many bytes, items or pairs follow, if `lengthSize` is absent. */
  readonly length: number
  /** The size of the length field after the first byte, in bytes. */
  readonly lengthSize?: number
}

const timestamp = 0xff

/** Reads the head of a MessagePack item. */
export function readMsgpackHead(payload: Uint8Array, at: number): ItemHead {
  const layout = layoutOf(payload[at] ?? 0)
  if (layout === undefined) throw new SyntaxError(`invalid item head at byte ${at}`)

  const { kind, lengthSize = 0 } = layout
  const start = at + 1 + lengthSize
  const length = lengthSize === 0 ? layout.length : readUnsigned(payload, at + 1, lengthSize)
  switch (kind) {
    case 'array':
      return { next: start, items: length }
    case 'map':
      return { next: start, items: 2 * length }
    case 'text':
      return { next: start + length, textFrom: start }
    case 'extension':
      if (payload[start] !== timestamp)
        throw new SyntaxError(`unsupported extension at byte ${at}: only timestamps are supported`)
      return { next: start + 1 + length }
    case 'integer64':
      requireSafeInteger(payload, start, (payload[at] ?? 0) === 0xd3)
      return { next: start + length }
    default:
      return { next: start + length }
  }
}

function layoutOf(firstByte: number): Layout | undefined {
  if (firstByte < 0x80 || firstByte >= 0xe0) return { kind: 'plain', length: 0 }
  if (firstByte < 0x90) return { kind: 'map', length: firstByte & 0x0f }
  if (firstByte < 0xa0) return { kind: 'array', length: firstByte & 0x0f }
  if (firstByte < 0xc0) return { kind: 'text', length: firstByte & 0x1f }
  return layouts[firstByte - 0xc0]
}

const plain = (length: number): Layout => ({ kind: 'plain', length })
const counted = (kind: Layout['kind'], lengthSize: number): Layout => ({ kind, length: 0, lengthSize })
const extension = (length: number): Layout => ({ kind: 'extension', length })
const integer64: Layout = { kind: 'integer64', length: 8 }

/** The layouts of the first bytes 0xc0 to 0xdf. */
const layouts: readonly (Layout | undefined)[] = [
  ...[plain(0), undefined, plain(0), plain(0)],
  ...[1, 2, 4].map((size) => counted('bytes', size)),
  ...[1, 2, 4].map((size) => counted('extension', size)),
  ...[4, 8].map(plain),
  ...[plain(1), plain(2), plain(4), integer64],
  ...[plain(1), plain(2), plain(4), integer64],
  ...[1, 2, 4, 8, 16].map(extension),
  ...[1, 2, 4].map((size) => counted('text', size)),
  ...[2, 4].map((size) => counted('array', size)),
  ...[2, 4].map((size) => counted('map', size)),
]

/** Throws for an integer beyond 2^53, which the parser would round without an error. */
function requireSafeInteger(payload: Uint8Array, start: number, isSigned: boolean): void {
  if (start + 8 > payload.length) return
  const view = new DataView(payload.buffer, payload.byteOffset + start, 8)
  const value = isSigned ? view.getBigInt64(0) : view.getBigUint64(0)
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw new RangeError(`${value} exceeds 2^53 and would lose precision: send it as a string`)
  }
}
