/** The bytes that small arrays share: one allocation for many packets, as `Buffer.allocUnsafe` does in Node. */
const poolSize = 8192

let pool = new ArrayBuffer(poolSize)
let used = 0

/** Returns an array of bytes, of which nothing is known: overwrite all of them. Small arrays share memory. */
export function allocate(size: number): Uint8Array {
  if (size > poolSize / 2) return new Uint8Array(size)
  if (used + size > poolSize) {
    pool = new ArrayBuffer(poolSize)
    used = 0
  }
  const bytes = new Uint8Array(pool, used, size)
  used += size
  return bytes
}
