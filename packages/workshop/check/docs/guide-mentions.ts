import { leadingImports } from './fold-imports.js'
import { pageOfSymbol, type SymbolIndex } from './symbol-index.js'

/** A page for users. */
export interface GuidePage {
  /** Its path on the site, such as `/guide/send-requests`. */
  readonly link: string
  readonly markdown: string
}

/** The most pages that the page of an export links to. */
const most = 5

const fence = /^ *(`{3,}|~{3,})([^]*?)^ *\1$/gm

/** Returns how often a page mentions exports in its text, by their pages in the reference. */
export function mentionsIn(markdown: string, index: SymbolIndex): ReadonlyMap<string, number> {
  const blocks = [...markdown.matchAll(fence)].map(([block]) => block.replace(/^.*\n/, ''))
  const imported = new Set(blocks.flatMap((block) => leadingImports(block).modules))
  const text = markdown.replaceAll(fence, '').replaceAll(/^#.*$/gm, '')
  const counts = new Map<string, number>()
  for (const [, code = ''] of text.matchAll(/`([^`\n]+)`/g)) {
    const page = pageOfSymbol(code, index, imported)
    if (page !== undefined) counts.set(page, (counts.get(page) ?? 0) + 1)
  }
  return counts
}

/**
 * Returns the section that lists where the guide explains an export, by its page in the reference: the pages that mention it
 * most often, those of the guide first.
 */
export function guideSections(pages: readonly GuidePage[], index: SymbolIndex): ReadonlyMap<string, string> {
  const found = new Map<string, { readonly page: GuidePage; readonly count: number }[]>()
  for (const page of pages)
    for (const [symbol, count] of mentionsIn(page.markdown, index))
      found.set(symbol, [...(found.get(symbol) ?? []), { page, count }])
  const isGuide = ({ link }: GuidePage): number => (link.startsWith('/guide/') ? 1 : 0)
  return new Map(
    [...found].map(([symbol, mentions]) => {
      const listed = mentions
        .sort((one, other) => isGuide(other.page) - isGuide(one.page) || other.count - one.count)
        .slice(0, most)
        .map(({ page }) => `- [${titleOf(page)}](${page.link})`)
      return [symbol, `\n## In the guide\n\n${listed.join('\n')}\n`]
    }),
  )
}

const titleOf = ({ link, markdown }: GuidePage): string => /^# (.+)$/m.exec(markdown)?.[1] ?? link
