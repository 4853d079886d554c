/** A formatted event with its time in milliseconds. */
export interface TimelineEntry {
  readonly frame: number
  readonly text: string
}

/** Formats events as a timeline: the time of each, then its text with continuation lines indented. */
export function readableTimeline(entries: readonly TimelineEntry[]): string {
  if (entries.length === 0) return '(nothing)'
  return entries
    .map(({ frame, text }) => `${formatFrame(frame)} ${text.replaceAll('\n', `\n${' '.repeat(9)}`)}`)
    .join('\n')
}

function formatFrame(frame: number): string {
  return `${frame}ms`.padStart(8)
}
