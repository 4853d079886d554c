/** The position of a message in a response stream. Items and the end share one counter that starts at 0. */
export interface StreamPosition {
  readonly index: number
  /** Whether the message is the end of the stream, and not an item. */
  readonly isLast: boolean
}

/** Formats the value of `__stream`. */
export function fromStreamPosition({ index, isLast }: StreamPosition): string {
  return isLast ? `${index}:last` : String(index)
}

/** Parses the value of `__stream`; returns `undefined` if it is not a position. */
export function streamPositionOf(value: string | undefined): StreamPosition | undefined {
  const parts = /^(\d{1,15})(:last)?$/.exec(value ?? '')
  return parts === null ? undefined : { index: Number(parts[1]), isLast: parts[2] !== undefined }
}
