import * as Plot from '@observablehq/plot'
import { widthOf } from './format.js'

/** A named row of a chart. */
export interface Row {
  readonly name: string
  /** Writes it in bold. */
  readonly isFirst?: boolean
}

const rowHeight = 24

/** Lays out one row below the other, with the names to the left, and room above for the title and below for a foot. */
export function rowLayout(rows: readonly Row[], head: number, foot: number): Plot.PlotOptions {
  return {
    height: head + rows.length * rowHeight + foot,
    marginTop: head,
    marginBottom: foot,
    marginLeft: widthOf(rows.map(({ name }) => name)) + 14,
    // Rows are known by their index: two may have the same name.
    y: { type: 'band', domain: rows.map((_, index) => index), axis: null, padding: 0.35 },
  }
}

/** Writes the names of rows to the left of them. */
export function nameMarks(rows: readonly Row[]): Plot.Markish[] {
  const named = rows.map((row, index) => ({ ...row, row: index }))
  const place = { y: 'row', text: 'name', frameAnchor: 'left', textAnchor: 'end', dx: -8 } as const
  return weighted(named, { ...place, fill: 'var(--ink)' })
}

/** Writes a text for each row, those of the first ones in bold. */
export function weighted(rows: readonly Row[], options: Plot.TextOptions): Plot.Markish[] {
  const [bold, regular] = [rows.filter(({ isFirst }) => isFirst), rows.filter(({ isFirst }) => !isFirst)]
  return [Plot.text(bold, { ...options, fontWeight: 700 }), Plot.text(regular, options)]
}
