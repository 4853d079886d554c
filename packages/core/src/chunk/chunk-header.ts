/** The user property that says which part of a payload a message carries. */
export const CHUNK_PROPERTY = '__chunk'

/** Which part of which whole a message carries. */
export interface ChunkHeader {
  readonly index: number
  /** How many parts the whole has. */
  readonly count: number
  /** How many bytes the whole has. */
  readonly size: number
  /** The check sum of the whole; on the first part. */
  readonly checksum?: string
}

/** A header as it stands on the wire: `<index>:<count>:<bytes>`, and on the first part `:<crc32c>`. */
export function fromChunkHeader({ index, count, size, checksum }: ChunkHeader): string {
  const parts = `${index}:${count}:${size}`
  return checksum === undefined ? parts : `${parts}:${checksum}`
}

/** Reads a header; `undefined` where it says none that can be. */
export function toChunkHeader(said: string): ChunkHeader | undefined {
  const parts = /^(\d{1,10}):(\d{1,10}):(\d{1,10})(?::([0-9a-f]{8}))?$/.exec(said)
  if (parts === null) return undefined
  const [index, count, size] = parts.slice(1, 4).map(Number) as [number, number, number]
  const checksum = parts[4]
  const isPossible = index < count && count <= size && (index === 0) === (checksum !== undefined)
  if (!isPossible) return undefined
  return { index, count, size, ...(checksum === undefined ? {} : { checksum }) }
}
