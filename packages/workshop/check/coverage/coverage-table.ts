/** The part of Istanbul's `coverage-summary.json` that is used here: counts by file. */
export type CoverageSummary = Readonly<Record<string, Readonly<Record<Measure, Counts>>>>

interface Counts {
  readonly total: number
  readonly covered: number
}

const measures = ['statements', 'branches', 'functions', 'lines'] as const
type Measure = (typeof measures)[number]

/** Returns a line per package with the percentages that the tests cover. */
export function coverageTable(summary: CoverageSummary): string {
  const rows = new Map<string, Record<Measure, { total: number; covered: number }>>()
  for (const [file, counts] of Object.entries(summary)) {
    const name = /[\\/]packages[\\/]([^\\/]+)[\\/]src[\\/]/.exec(file)?.[1]
    if (name === undefined) continue
    const row = rows.get(name) ?? {
      statements: { total: 0, covered: 0 },
      branches: { total: 0, covered: 0 },
      functions: { total: 0, covered: 0 },
      lines: { total: 0, covered: 0 },
    }
    for (const measure of measures) {
      row[measure].total += counts[measure].total
      row[measure].covered += counts[measure].covered
    }
    rows.set(name, row)
  }
  const width = Math.max(0, ...[...rows.keys()].map((name) => name.length))
  const lines = [...rows].map(([name, row]) => {
    const figures = measures.map((measure) => `${measure} ${percentage(row[measure]).padStart(6)}`)
    return `  ${name.padEnd(width)}  ${figures.join('  ')}`
  })
  return lines.join('\n')
}

/** Formats the percentage, such as `97.6 %`; `–` if there is no code to cover. */
export function percentage({ total, covered }: Counts): string {
  return total === 0 ? '–' : `${((100 * covered) / total).toFixed(1)} %`
}
