/** Something at an instant, and how people read it. */
export interface TimelineEntry {
  readonly frame: number
  readonly text: string
}

/** A timeline for people: the millisecond, then what happened, however many lines that takes. */
export function readableTimeline(entries: readonly TimelineEntry[]): string {
  if (entries.length === 0) return '(nothing)'
  return entries
    .map(({ frame, text }) => `${at(frame)} ${text.replaceAll('\n', `\n${' '.repeat(9)}`)}`)
    .join('\n')
}

function at(frame: number): string {
  return `${frame}ms`.padStart(8)
}
