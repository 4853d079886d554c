import { fromUtf8, requireDepth } from '@antiphon/core/codec'

/** The head of an item in a binary format. */
export interface ItemHead {
  /** The offset of the next item: after the head, and after content that does not consist of items. */
  readonly next: number
  /** How many items this item contains; `untilBreak` if a break marks their end; absent if it cannot contain items. */
  readonly items?: number
  /** The offset of the string that ends at `next`. */
  readonly textFrom?: number
  /** Whether this is a break, which ends the innermost indefinite-length item. */
  readonly isBreak?: boolean
}

/** The value of `items` for an indefinite-length item. */
export const untilBreak = -1

/** Reads the head at an offset of the payload; throws if it is invalid. */
export type ReadItemHead = (payload: Uint8Array, at: number) => ItemHead

/**
 * Checks a payload of self-describing items without building values. Throws if the payload is nested too deep, truncated or
 * longer than its item, if a string is not UTF-8, or if it declares more items than it has bytes left. For a payload that
 * passes, the memory a parser allocates is bounded by the payload's length.
 */
export function requireWellFormed(payload: Uint8Array, maximumDepth: number, readHead: ReadItemHead): void {
  /** The number of items still to read in each enclosing item, outermost first. */
  const remaining: number[] = []
  /** The total number of items still to read; each takes at least one byte. */
  let requiredItems = 1
  let at = 0
  do {
    if (at >= payload.length) throw new RangeError('the payload is truncated')
    const head = readHead(payload, at)
    if (head.next > payload.length)
      throw new RangeError(`the payload is truncated: ${head.next - payload.length} bytes are missing`)
    if (head.isBreak === true) {
      if (remaining.pop() !== untilBreak) throw new SyntaxError(`unexpected break at byte ${at}`)
    } else {
      if (head.textFrom !== undefined) requireUtf8(payload, head.textFrom, head.next)
      if (remaining.at(-1) !== untilBreak) requiredItems -= 1
      countItem(remaining)
      if (head.items !== undefined) {
        requireDepth(remaining.push(head.items), maximumDepth)
        requiredItems += Math.max(head.items, 0)
      }
      if (requiredItems > payload.length - head.next)
        throw new RangeError('the payload declares more items than it has bytes')
    }
    while (remaining.at(-1) === 0) remaining.pop()
    at = head.next
  } while (remaining.length > 0)
  if (at < payload.length)
    throw new SyntaxError(`the payload has ${payload.length - at} bytes after the end of its item`)
}

function countItem(remaining: number[]): void {
  const innermost = remaining.at(-1)
  if (innermost !== undefined && innermost !== untilBreak) remaining[remaining.length - 1] = innermost - 1
}

/** Throws if a string is not UTF-8; the parsers would insert replacement characters without an error. */
function requireUtf8(payload: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at += 1) {
    if ((payload[at] ?? 0) < 0x80) continue
    fromUtf8(payload.subarray(at, end))
    return
  }
}

/** Reads a big-endian unsigned number of `size` bytes; throws if the payload is truncated. */
export function readUnsigned(payload: Uint8Array, at: number, size: number): number {
  if (at + size > payload.length) throw new RangeError('the payload is truncated')
  let value = 0
  for (let offset = 0; offset < size; offset += 1) value = value * 256 + (payload[at + offset] ?? 0)
  return value
}
