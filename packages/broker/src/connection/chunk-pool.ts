/** The two sizes of the chunks in which connections buffer their output. */
export const smallChunk = 2048
export const largeChunk = 65536

const freeChunks = { [smallChunk]: [] as Buffer[], [largeChunk]: [] as Buffer[] }
/** How many free chunks of each size are pooled. */
const maxFreeChunks = { [smallChunk]: 2048, [largeChunk]: 64 }

/** Returns a chunk from the pool, or a new one. */
export function takeChunk(size: typeof smallChunk | typeof largeChunk): Buffer {
  return freeChunks[size].pop() ?? Buffer.allocUnsafeSlow(size)
}

/** Returns a chunk to the pool. No code may read from it any more. */
export function recycleChunk(chunk: Buffer): void {
  const size = chunk.length as typeof smallChunk | typeof largeChunk
  if (freeChunks[size].length < maxFreeChunks[size]) freeChunks[size].push(chunk)
}
