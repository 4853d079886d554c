import { toUtf8 } from '../codec/utf8.js'

/** The start and the factor of FNV-1a with 32 bits. */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

const SEPARATOR = Uint8Array.of(0)

/**
 * Returns the item to which a key belongs, by rendezvous hashing: the one with the greatest score, among those that `has`
 * accepts. Without one of its items, a list gives only the keys of this item to others; a further item takes keys from the
 * others, which otherwise keep theirs.
 */
export function itemForKey<A>(
  key: string,
  items: readonly A[],
  idOf: (item: A) => string,
  has: (item: A) => boolean = () => true,
): A | undefined {
  const start = fnv1a(FNV_OFFSET, toUtf8(key), SEPARATOR)
  let best: A | undefined
  let bestScore = -1
  let bestId = ''
  for (const item of items) {
    const id = idOf(item)
    const score = mix(fnv1a(start, toUtf8(id)))
    const isBetter = score > bestScore || (score === bestScore && id < bestId)
    if (!isBetter || !has(item)) continue
    best = item
    bestScore = score
    bestId = id
  }
  return best
}

function fnv1a(start: number, ...parts: readonly Uint8Array[]): number {
  let hash = start
  for (const part of parts) for (const byte of part) hash = Math.imul(hash ^ byte, FNV_PRIME)
  return hash
}

/** The last step of MurmurHash3: FNV-1a alone gives similar ids similar scores. */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
