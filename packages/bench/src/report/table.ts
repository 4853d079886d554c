import type { Metric, RowResult, SectionResult } from '../result.js'
import { figure, lostBy, metricStyles, written } from './figures.js'

/** A table as rows of cells, the first row its head. */
export type Cells = readonly (readonly string[])[]

/** The metrics that a row has figures of, in the order of their columns. */
export function metricsOf(row: RowResult): Metric[] {
  return (Object.keys(metricStyles) as Metric[]).filter((metric) =>
    row.outcomes.some((outcome) => figure(outcome, metric) !== undefined),
  )
}

/** A row of the result as a table: a line for each contestant. */
export function cellsOf(row: RowResult): Cells {
  const metrics = metricsOf(row)
  const head = metrics.map((metric) => {
    const style = metricStyles[metric]
    return `${style?.label}, ${style?.unit}`
  })
  const lines = row.outcomes.map((outcome) => [
    outcome.contestant,
    ...metrics.map((metric) =>
      written(figure(outcome, metric), metricStyles[metric] ?? { label: '', unit: '', digits: 0 }),
    ),
    fateOf(outcome),
  ])
  return [[row.title, ...head, 'lost'], ...lines]
}

/** What became of a contestant's requests. */
export function fateOf(outcome: RowResult['outcomes'][number]): string {
  if (outcome.died !== undefined) return `died: ${outcome.died}`
  if (outcome.samples.every(({ asked }) => asked === undefined)) return '–'
  const fault = outcome.samples.find((sample) => sample.fault !== undefined)?.fault
  return `${lostBy(outcome).toLocaleString('en')}${fault === undefined ? '' : ` (${fault})`}`
}

/** A row for the terminal. */
export function toText(row: RowResult): string {
  const cells = cellsOf(row)
  const columns = cells[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  )
  return cells
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The sections with the rows of one added, at the end of its section. */
export function withRow(
  sections: readonly SectionResult[],
  { section, about }: { readonly section: string; readonly about: string },
  row: RowResult,
): SectionResult[] {
  const isThere = sections.some(({ title }) => title === section)
  const all = isThere ? sections : [...sections, { title: section, about, rows: [] }]
  return all.map((each) => (each.title === section ? { ...each, rows: [...each.rows, row] } : each))
}
