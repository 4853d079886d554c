import * as Plot from '@observablehq/plot'
import { widthOf } from './format.js'

/** A named row of a chart. */
export interface Row {
  readonly name: string
  /** Writes the name in bold. */
  readonly isFirst?: boolean
}

const rowHeight = 24

/** Returns the layout of rows with names to the left, and with margins in pixels above (`head`) and below (`foot`). */
export function rowLayout(rows: readonly Row[], head: number, foot: number): Plot.PlotOptions {
  return {
    height: head + rows.length * rowHeight + foot,
    marginTop: head,
    marginBottom: foot,
    marginLeft: widthOf(rows.map(({ name }) => name)) + 14,
    // Rows are identified by their index, because two rows may have the same name.
    y: { type: 'band', domain: rows.map((_, index) => index), axis: null, padding: 0.35 },
  }
}

/** Writes the names of rows to the left of them. */
export function nameMarks(rows: readonly Row[]): Plot.Markish[] {
  const indexed = rows.map((row, index) => ({ ...row, row: index }))
  const options = { y: 'row', text: 'name', frameAnchor: 'left', textAnchor: 'end', dx: -8 } as const
  return weighted(indexed, { ...options, fill: 'var(--ink)' })
}

/** Writes a text for each row; texts of rows with `isFirst` are bold. */
export function weighted(rows: readonly Row[], options: Plot.TextOptions): Plot.Markish[] {
  const [bold, regular] = [rows.filter(({ isFirst }) => isFirst), rows.filter(({ isFirst }) => !isFirst)]
  return [Plot.text(bold, { ...options, fontWeight: 700 }), Plot.text(regular, options)]
}
