/** The two sizes in which connections gather what they write. */
export const smallChunk = 2048
export const largeChunk = 65536

const free = { [smallChunk]: [] as Buffer[], [largeChunk]: [] as Buffer[] }
/** How many free chunks of each size are kept for the next writer. */
const kept = { [smallChunk]: 2048, [largeChunk]: 64 }

/** A chunk to write into, used or new. */
export function takeChunk(size: typeof smallChunk | typeof largeChunk): Buffer {
  return free[size].pop() ?? Buffer.allocUnsafeSlow(size)
}

/** Gives a chunk back that nobody reads from any more. */
export function recycleChunk(chunk: Buffer): void {
  const size = chunk.length as typeof smallChunk | typeof largeChunk
  if (free[size].length < kept[size]) free[size].push(chunk)
}
