import type { Metric, Outcome, RowResult, SectionResult } from '../result.js'
import { figure, figureOf, lostBy, metricStyles, formatFigure } from './figures.js'

/** A table as rows of cells; the first row is the head. */
export type Cells = readonly (readonly string[])[]

/** Returns the metrics of a row, in the order of their columns. */
export function metricsOf(row: RowResult): Metric[] {
  return (Object.keys(metricStyles) as Metric[]).filter((metric) =>
    row.outcomes.some((outcome) => figure(outcome, metric) !== undefined),
  )
}

/** Returns a row of the result as a table with one line per contestant. */
export function cellsOf(row: RowResult): Cells {
  const isCounted = row.outcomes.some(
    ({ died, samples }) => died !== undefined || samples.some(({ lost }) => lost !== undefined),
  )
  const columns = [
    ...metricsOf(row).flatMap((metric) => columnsOf(row, metric)),
    ...(isCounted ? [{ head: 'lost', cell: lossOf }] : []),
  ]
  const lines = row.outcomes.map((outcome) => [
    outcome.contestant,
    ...columns.map(({ cell }) => cell(outcome)),
  ])
  return [[row.title, ...columns.map(({ head }) => head)], ...lines]
}

interface Column {
  readonly head: string
  readonly cell: (outcome: Outcome) => string
}

/** Returns the column of a metric, and the columns of its ratios to contestants that took part. */
function columnsOf(row: RowResult, metric: Metric): Column[] {
  const style = metricStyles[metric]
  if (style === undefined) return []
  const figures = {
    head: `${style.label}, ${style.unit}`,
    cell: (outcome: Outcome) => formatFigure(figure(outcome, metric), style),
  }
  const ratios = (style.comparedWith ?? []).flatMap((name): Column[] => {
    const base = figureOf(row, name, metric)
    if (base === undefined) return []
    const cell = (outcome: Outcome): string => {
      const value = figure(outcome, metric)
      return value === undefined ? '–' : `${(value / base).toFixed(2)} ×`
    }
    return [{ head: `to ${name}`, cell }]
  })
  return [figures, ...ratios]
}

/** Returns the number of lost responses with the first failure, or why the contestant failed. */
function lossOf(outcome: Outcome): string {
  if (outcome.died !== undefined) return `died: ${outcome.died}`
  if (outcome.samples.every(({ lost }) => lost === undefined)) return '–'
  const fault = outcome.samples.find((sample) => sample.fault !== undefined)?.fault
  return `${lostBy(outcome).toLocaleString('en')}${fault === undefined ? '' : ` (${fault})`}`
}

/** Formats a row for the terminal. */
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

/** Returns the sections with a row added at the end of its section. */
export function withRow(
  sections: readonly SectionResult[],
  { section, about }: { readonly section: string; readonly about: string },
  row: RowResult,
): SectionResult[] {
  const isPresent = sections.some(({ title }) => title === section)
  const all = isPresent ? sections : [...sections, { title: section, about, rows: [] }]
  return all.map((current) =>
    current.title === section ? { ...current, rows: [...current.rows, row] } : current,
  )
}
