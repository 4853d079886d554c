/** A timestamp of a hybrid logical clock. */
export interface Timestamp {
  /** Wall-clock time in milliseconds since 1970. */
  readonly milliseconds: number
  /** The number of earlier events in the same millisecond. */
  readonly count: number
  /** The name of the clock. */
  readonly node: string
}

/** The largest counter of a timestamp, which has five digits. */
export const MAX_COUNT = 99_999

/** Formats a timestamp as text that sorts by time: `<15 digits of milliseconds>:<5 digits of count>:<node>`. */
export function formatTimestamp({ milliseconds, count, node }: Timestamp): string {
  return `${digits(milliseconds, 15)}:${digits(count, 5)}:${node}`
}

/** Parses a timestamp; returns `undefined` if the text is malformed. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const [, milliseconds, count, node] = /^(\d{15}):(\d{5}):(.+)$/.exec(text) ?? []
  if (node === undefined) return undefined
  return { milliseconds: Number(milliseconds), count: Number(count), node }
}

function digits(value: number, length: number): string {
  return String(Math.floor(value)).padStart(length, '0')
}
