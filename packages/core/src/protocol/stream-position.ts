/** Where an item stands in a stream of answers; items and the end share one counter from 0. */
export interface StreamPosition {
  readonly index: number
  /** This is the end, and no item. */
  readonly isLast: boolean
}

/** A place as `__stream` says it. */
export function fromStreamPosition({ index, isLast }: StreamPosition): string {
  return isLast ? `${index}:last` : String(index)
}

/** Reads `__stream`; `undefined` where it says no place. */
export function streamPositionOf(said: string | undefined): StreamPosition | undefined {
  const parts = /^(\d{1,15})(:last)?$/.exec(said ?? '')
  return parts === null ? undefined : { index: Number(parts[1]), isLast: parts[2] !== undefined }
}
