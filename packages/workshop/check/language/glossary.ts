/** A row of the glossary: a term, its equivalent in MQTT, RxJS or Node, and the file that defines it. */
export interface GlossaryRow {
  readonly line: number
  readonly terms: readonly string[]
  readonly files: readonly string[]
}

/** Reads the table under the heading `Glossary`: term, equivalent, file. Terms and files are in backticks. */
export function glossaryOf(page: string): readonly GlossaryRow[] {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => /^## Glossary\s*$/.test(line))
  if (start < 0) return []
  return lines.slice(start).flatMap((line, index): readonly GlossaryRow[] => {
    const cells = /^\|(.+)\|\s*$/.exec(line)?.[1]?.split('|')
    if (cells === undefined || /^[\s|:-]+$/.test(line) || /^\|\s*term\s*\|/i.test(line)) return []
    const [term = '', , file = ''] = cells
    return [{ line: start + index + 1, terms: namesIn(term), files: namesIn(file) }]
  })
}

/** Returns the faults of the glossary: files that do not exist, terms that no source uses. */
export function glossaryFaults(
  rows: readonly GlossaryRow[],
  isFile: (path: string) => boolean,
  isUsed: (term: string) => boolean,
): readonly string[] {
  if (rows.length === 0) return ['there is no table under the heading "Glossary"']
  return rows.flatMap(({ line, terms, files }) => [
    ...(files.length === 0 ? [`line ${line}: no file is named`] : []),
    ...files.filter((file) => !isFile(file)).map((file) => `line ${line}: ${file} does not exist`),
    ...terms.filter((term) => !isUsed(term)).map((term) => `line ${line}: no source uses ${term}`),
  ])
}

function namesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}
