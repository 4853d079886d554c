import { scoreOf, totalOf, type Counts, type FolderCounts } from './counts.js'

const head = ['folder', 'killed', 'survived', 'no coverage', 'score']

/** Returns a table for the terminal: a line per folder and the total, each with its score and the saved score. */
export function textTable(counts: FolderCounts, saved: FolderCounts): string {
  const rows = rowsOf(counts).map(([folder, row]) => [
    ...cells(folder, row),
    percentage(saved[folder] ?? (folder === 'total' ? totalOf(saved) : undefined)),
  ])
  const all = [[...head, 'saved'], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return all.map((row) => `  ${line(row)}\n`).join('')
}

/** Returns a table for a page. */
export function markdownTable(counts: FolderCounts): string {
  const lines = [head, ['---', ...head.slice(1).map(() => '--:')]]
  const rows = rowsOf(counts).map(([folder, row]) => cells(folder, row))
  return [...lines, ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

function rowsOf(counts: FolderCounts): readonly (readonly [string, Counts])[] {
  const folders = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b))
  return folders.length > 1 ? [...folders, ['total', totalOf(counts)]] : folders
}

function cells(folder: string, row: Counts): readonly string[] {
  return [folder, `${row.killed}`, `${row.survived}`, `${row.noCoverage}`, percentage(row)]
}

function percentage(counts: Counts | undefined): string {
  const score = counts === undefined ? undefined : scoreOf(counts)
  return score === undefined ? '–' : `${score.toFixed(1)} %`
}
