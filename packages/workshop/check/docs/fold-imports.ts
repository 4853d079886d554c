/** The imports with which a block of code begins. */
export interface Imports {
  /** Their lines, with the blank lines after them. */
  readonly lines: number
  /** Their lines without these. */
  readonly importLines: number
  readonly modules: readonly string[]
}

/** An import of at most this many lines is as short as the line that would stand in its place. */
const fewLines = 2

/** Returns the imports with which a block of code begins. */
export function leadingImports(code: string): Imports {
  const lines = code.split('\n')
  const modules: string[] = []
  let importLines = 0
  let end = 0
  while (end < lines.length) {
    if (lines[end]?.trim() === '') {
      end += 1
      continue
    }
    if (lines[end]?.startsWith('import ') !== true) break
    const last = lines.findIndex((line, at) => at >= end && /'[^']+'\s*(?:\/\/.*)?$/.test(line))
    if (last < 0) break
    modules.push(/'([^']+)'\s*(?:\/\/.*)?$/.exec(lines[last] ?? '')?.[1] ?? '')
    end = last + 1
    importLines = end
  }
  return { lines: importLines === 0 ? 0 : end, importLines, modules }
}

/** Whether the imports of a block are folded: a block before it has imported from the same modules, and code follows. */
export function isFolded(code: string, earlier: readonly string[]): boolean {
  const { lines, importLines, modules } = leadingImports(code)
  const known = new Set(earlier.flatMap((block) => leadingImports(block).modules))
  return (
    importLines > fewLines &&
    lines < code.trimEnd().split('\n').length &&
    modules.every((name) => known.has(name))
  )
}

/**
 * Folds the first lines of a highlighted block of VitePress into `<details>`.
 *
 * The button that copies the block takes the text of the element after the name of the language, so both parts are in one
 * element, and the summary has the class that the button leaves out.
 */
export function foldLines(html: string, { lines, modules }: Imports): string {
  const [, before, open, code, after] =
    /^([^]*?)(<pre[^>]*><code[^>]*>)([^]*)<\/code><\/pre>([^]*)$/.exec(html) ?? []
  if (before === undefined || open === undefined || code === undefined || after === undefined)
    throw new Error(`cannot fold imports: the block is not as VitePress writes it: ${html.slice(0, 200)}`)
  const rows = code.split('\n')
  const part = (from: number, to?: number): string => rows.slice(from, to).join('\n')
  const summary = `<summary class="vp-copy-ignore">imports <span>from ${[...new Set(modules)].join(', ')}</span></summary>`
  return (
    `${before}<div class="folded-code"><details>${summary}${open}${part(0, lines)}\n</code></pre></details>` +
    `${open}${part(lines)}</code></pre></div>${after}`
  )
}
