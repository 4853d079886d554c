/** A TypeScript block of a page. */
export interface Snippet {
  /** The line of the page at which the code starts, from 1. */
  readonly line: number
  readonly code: string
  /** Whether it continues the module of the snippet before it. */
  readonly isContinued: boolean
  /** Whether it is run, not only type-checked. */
  readonly isRun: boolean
  /** The expected output: the text block marked `output` after it, or with the name of its file. */
  readonly output?: string
  /** The name of the file that it is, such as `responder.mjs`. */
  readonly file?: string
}

/** Snippets that form one module, in the order of the page. */
export type Chain = readonly [Snippet, ...Snippet[]]

const flags = ['run', 'continue']

/**
 * Returns the TypeScript blocks of a Markdown page.
 *
 * A `ts` block is type-checked, `ts run` is also run, `ts continue` continues the block before it. A `text output` block
 * directly after it is the expected output. `ts responder.mjs` is a file that other files of the page can import, and a
 * `text responder.mjs` block is its expected output.
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
    const file = words.find((word) => word.endsWith('.mjs'))
    if (language === 'text' && file !== undefined) {
      const at = snippets.findIndex((snippet) => snippet.file === file)
      const snippet = snippets[at]
      if (snippet === undefined) throw new Error(`line ${start}: there is no ${file} before its output`)
      snippets[at] = { ...snippet, output: code }
    } else if (language === 'text' && words.includes('output')) {
      if (last === undefined) throw new Error(`line ${start}: there is no snippet before the output`)
      snippets[snippets.length - 1] = { ...last, output: code }
    } else if (language === 'ts') {
      const unknown = words.find((word) => !flags.includes(word) && word !== file)
      if (unknown !== undefined)
        throw new Error(`line ${start}: unknown flag ${unknown}: it must be one of ${flags.join(', ')}`)
      snippets.push({
        line: start + 1,
        code,
        isContinued: words.includes('continue'),
        isRun: words.includes('run'),
        ...(file === undefined ? {} : { file }),
      })
    }
  }
  return snippets
}

/** Joins each snippet with the snippets that continue it. */
export function chainsOf(snippets: readonly Snippet[]): readonly Chain[] {
  const chains: [Snippet, ...Snippet[]][] = []
  for (const snippet of snippets) {
    const last = chains.at(-1)
    if (!snippet.isContinued) chains.push([snippet])
    else if (last === undefined) throw new Error(`line ${snippet.line}: there is no snippet to continue`)
    else last.push(snippet)
  }
  return chains
}

/** Returns the module of a chain, with each snippet on the same lines as in its page, so that error lines match. */
export function moduleOf(chain: Chain): string {
  let text = ''
  let line = 1
  for (const snippet of chain) {
    text += '\n'.repeat(snippet.line - line) + snippet.code + '\n'
    line = snippet.line + snippet.code.split('\n').length
  }
  return text
}

/** Returns the expected output of a chain; `undefined` if no snippet has an output. */
export function outputOf(chain: Chain): string | undefined {
  const outputs = chain.flatMap(({ output }) => output ?? [])
  return outputs.length === 0 ? undefined : outputs.join('\n')
}
