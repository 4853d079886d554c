import { fromUtf8, requireDepth } from '@antiphon/core/codec'

/** The beginning of an item, as a binary format writes it. */
export interface Head {
  /** Where the next item stands: behind the head, and behind the content where that is no item. */
  readonly next: number
  /** How many items stand in this one, where it may hold any; `untilBreak` where their end is marked instead. */
  readonly items?: number
  /** Where the text begins that ends at `next`. */
  readonly textFrom?: number
  /** Marks the end of the innermost item that is open until a mark. */
  readonly isBreak?: boolean
}

/** The items of this one go on until a mark. */
export const untilBreak = -1

/** Reads the head at a place in the payload; throws where no head can stand. */
export type ReadHead = (payload: Uint8Array, at: number) => Head

/**
 * Walks over a payload of self-describing items without building any: throws where it is nested too deep, cut short, or
 * longer than its one item, where a text is not UTF-8, and where it declares more items than it has bytes left. What a
 * parser allocates for a payload that passed is bounded by the payload's length.
 */
export function requireSound(payload: Uint8Array, maximumDepth: number, readHead: ReadHead): void {
  /** What is still missing in each open item, outermost first. */
  const missing: number[] = []
  /** Their sum, and the one item a payload is. */
  let owed = 1
  let at = 0
  do {
    if (at >= payload.length) throw new RangeError('cut short')
    const head = readHead(payload, at)
    if (head.next > payload.length)
      throw new RangeError(`cut short: ${head.next - payload.length} bytes are missing`)
    if (head.isBreak === true) {
      if (missing.pop() !== untilBreak) throw new SyntaxError(`nothing ends at byte ${at}`)
    } else {
      if (head.textFrom !== undefined) requireUtf8(payload, head.textFrom, head.next)
      if (missing.at(-1) !== untilBreak) owed -= 1
      countOne(missing)
      if (head.items !== undefined) {
        requireDepth(missing.push(head.items), maximumDepth)
        owed += Math.max(head.items, 0)
      }
      if (owed > payload.length - head.next) throw new RangeError('it declares more items than it has bytes')
    }
    while (missing.at(-1) === 0) missing.pop()
    at = head.next
  } while (missing.length > 0)
  if (at < payload.length) throw new SyntaxError(`${payload.length - at} bytes follow after its end`)
}

function countOne(missing: number[]): void {
  const innermost = missing.at(-1)
  if (innermost !== undefined && innermost !== untilBreak) missing[missing.length - 1] = innermost - 1
}

/** Throws where a text is not UTF-8; the parsers would patch it up in silence. */
function requireUtf8(payload: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at += 1) {
    if ((payload[at] ?? 0) < 0x80) continue
    fromUtf8(payload.subarray(at, end))
    return
  }
}

/** The unsigned number in `size` bytes at a place, big end first; throws where they are cut short. */
export function readUnsigned(payload: Uint8Array, at: number, size: number): number {
  if (at + size > payload.length) throw new RangeError('cut short')
  let value = 0
  for (let offset = 0; offset < size; offset += 1) value = value * 256 + (payload[at + offset] ?? 0)
  return value
}
