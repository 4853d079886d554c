import type { Mark, Row } from './parse.js'

/** Describes a diagram in words, for readers who do not see it. */
export function describeMarbles(rows: readonly Row[]): string {
  let name = ''
  return rows
    .map((row) => {
      if (row.kind === 'operator') return row.text
      // A line without a label continues the line before it.
      name = row.label || name
      return `${name}: ${eventsOf(row).join(', ') || 'nothing'}`
    })
    .join('; ')
}

function eventsOf(row: Exclude<Row, { readonly kind: 'operator' }>): readonly string[] {
  if (row.kind === 'notes') return row.notes.map(({ at, text }) => `${text} at ${at}`)
  const spans = row.spans.map(({ at, length, value }) => `${value} from ${at} to ${at + length}`)
  return [...row.marks.map(describeMark), ...spans]
}

function describeMark({ at, values, end }: Mark): string {
  return [...values, ...(end === undefined ? [] : [end])].join(' and ') + ` at ${at}`
}
