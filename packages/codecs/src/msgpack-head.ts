import { readUnsigned } from './soundness.js'
import type { Head } from './soundness.js'

/** What a first byte announces. */
interface Layout {
  readonly kind: 'plain' | 'integer64' | 'text' | 'bytes' | 'extension' | 'array' | 'map'
  /** How many bytes, items or pairs follow; unless a number of `lengthSize` bytes tells. */
  readonly length: number
  readonly lengthSize?: number
}

const timestamp = 0xff

/** The head of a MessagePack item, by the format's table of first bytes. */
export function readMsgpackHead(payload: Uint8Array, at: number): Head {
  const layout = layoutOf(payload[at] ?? 0)
  if (layout === undefined) throw new SyntaxError(`no item can begin as byte ${at} does`)

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
        throw new SyntaxError(`of extensions only timestamps are read (byte ${at})`)
      return { next: start + 1 + length }
    case 'integer64':
      requireSafeInteger(payload, start, (payload[at] ?? 0) === 0xd3)
      return { next: start + length }
    default:
      return { next: start + length }
  }
}

function layoutOf(first: number): Layout | undefined {
  if (first < 0x80 || first >= 0xe0) return { kind: 'plain', length: 0 }
  if (first < 0x90) return { kind: 'map', length: first & 0x0f }
  if (first < 0xa0) return { kind: 'array', length: first & 0x0f }
  if (first < 0xc0) return { kind: 'text', length: first & 0x1f }
  return layouts[first - 0xc0]
}

const plain = (length: number): Layout => ({ kind: 'plain', length })
const counted = (kind: Layout['kind'], lengthSize: number): Layout => ({ kind, length: 0, lengthSize })
const extension = (length: number): Layout => ({ kind: 'extension', length })
const integer64: Layout = { kind: 'integer64', length: 8 }

/** From 0xc0 on. */
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

/** The parser would round it to the nearest number in silence. */
function requireSafeInteger(payload: Uint8Array, start: number, isSigned: boolean): void {
  if (start + 8 > payload.length) return
  const view = new DataView(payload.buffer, payload.byteOffset + start, 8)
  const value = isSigned ? view.getBigInt64(0) : view.getBigUint64(0)
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
    throw new RangeError(`${value} is beyond 2^53 and would lose digits: send it as a text`)
  }
}
