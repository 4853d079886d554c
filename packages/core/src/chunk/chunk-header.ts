/** The user property that marks a message as a chunk of a larger payload. */
export const CHUNK_PROPERTY = '__chunk'

/** The user property with the same random text on all chunks of one payload, to distinguish payloads of several senders. */
export const CHUNK_ID_PROPERTY = '__chunkId'

/** The position of a chunk in its payload, and the size of that payload. */
export interface ChunkHeader {
  readonly index: number
  /** How many chunks the payload has. */
  readonly count: number
  /** How many bytes the payload has. */
  readonly size: number
  /** The CRC-32C of the payload; present on the first chunk only. */
  readonly checksum?: string
}

/** Formats a header as `<index>:<count>:<bytes>`, followed by `:<crc32c>` on the first chunk. */
export function fromChunkHeader({ index, count, size, checksum }: ChunkHeader): string {
  const text = `${index}:${count}:${size}`
  return checksum === undefined ? text : `${text}:${checksum}`
}

/** Parses a header; returns `undefined` if it is malformed or inconsistent. */
export function toChunkHeader(text: string): ChunkHeader | undefined {
  const parts = /^(\d{1,10}):(\d{1,10}):(\d{1,10})(?::([0-9a-f]{8}))?$/.exec(text)
  if (parts === null) return undefined
  const [index, count, size] = parts.slice(1, 4).map(Number) as [number, number, number]
  const checksum = parts[4]
  const isConsistent = index < count && count <= size && (index === 0) === (checksum !== undefined)
  if (!isConsistent) return undefined
  return { index, count, size, ...(checksum === undefined ? {} : { checksum }) }
}
