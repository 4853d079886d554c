/** A block of TypeScript in a page. */
export interface Snippet {
  /** The number of its first line of code in the page, from 1. */
  readonly line: number
  readonly code: string
  /** Goes on where the snippet before it ended, with all its names. */
  readonly isContinued: boolean
  /** Is run, not only type-checked. */
  readonly isRun: boolean
  /** What a run must print: the text block marked `output` behind it. */
  readonly output?: string
}

/** Snippets that make one module, in the order of the page. */
export type Chain = readonly [Snippet, ...Snippet[]]

const flags = ['run', 'continue']

/**
 * The TypeScript blocks of a Markdown page.
 *
 * `ts` is type-checked, `ts run` is run too, `ts continue` goes on with the block before it. A `text output` block right
 * behind is what a run must print.
 */
export function snippetsIn(markdown: string): readonly Snippet[] {
  const snippets: Snippet[] = []
  const lines = markdown.split('\n')
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(lines[index] ?? '')
    if (fence === null) continue
    const [, indent = '', mark = '', info = ''] = fence
    const start = index + 1
    index = lines.findIndex((line, at) => at >= start && line.trim() === mark)
    if (index < 0) throw new Error(`line ${start}: the code block is never closed`)
    const code = lines
      .slice(start, index)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n')
    const [language, ...words] = info.trim().split(/\s+/)
    const last = snippets.at(-1)
    if (language === 'text' && words.includes('output')) {
      if (last === undefined) throw new Error(`line ${start}: output of nothing`)
      snippets[snippets.length - 1] = { ...last, output: code }
    } else if (language === 'ts') {
      const unknown = words.find((word) => !flags.includes(word))
      if (unknown !== undefined) throw new Error(`line ${start}: ${unknown} is none of ${flags.join(', ')}`)
      snippets.push({
        line: start + 1,
        code,
        isContinued: words.includes('continue'),
        isRun: words.includes('run'),
      })
    }
  }
  return snippets
}

/** Joins each snippet with those that continue it. */
export function chainsOf(snippets: readonly Snippet[]): readonly Chain[] {
  const chains: [Snippet, ...Snippet[]][] = []
  for (const snippet of snippets) {
    const last = chains.at(-1)
    if (!snippet.isContinued) chains.push([snippet])
    else if (last === undefined) throw new Error(`line ${snippet.line}: there is nothing to continue`)
    else last.push(snippet)
  }
  return chains
}

/** One module of a chain, each piece on the very lines it has in its page, so that an error's line is the page's. */
export function moduleOf(chain: Chain): string {
  let text = ''
  let line = 1
  for (const snippet of chain) {
    text += '\n'.repeat(snippet.line - line) + snippet.code + '\n'
    line = snippet.line + snippet.code.split('\n').length
  }
  return text
}

/** What running a chain must print; `undefined` where no snippet of it says. */
export function outputOf(chain: Chain): string | undefined {
  const outputs = chain.flatMap(({ output }) => output ?? [])
  return outputs.length === 0 ? undefined : outputs.join('\n')
}
