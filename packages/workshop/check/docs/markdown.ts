import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { escapeHtml } from './escape-html.js'
import { foldLines, isFolded, leadingImports } from './fold-imports.js'
import { imageSizeOf } from './image-size.js'
import { drawMarbles } from './marbles/draw.js'
import { pageOfSymbol, type SymbolIndex } from './symbol-index.js'

type FenceRule = NonNullable<MarkdownRenderer['renderer']['rules']['fence']>
type Token = Parameters<FenceRule>[0][number]

/** The languages whose imports are folded. */
const scripts = ['ts', 'js', 'tsx', 'jsx']

const languageOf = ({ type, info }: Token): string =>
  type === 'fence' ? (info.trim().split(/\s+/)[0] ?? '') : ''

/** Draws blocks of `marbles`, with their text below. */
export function drawMarbleBlocks(markdown: MarkdownRenderer): void {
  changeBlocks(markdown, ['marbles'], ({ content }) => {
    const drawing = `<div role="group" aria-label="Marble diagram" tabindex="0">${drawMarbles(content)}</div>`
    const text = `<div class="language-marbles"><pre tabindex="0"><code>${escapeHtml(content)}</code></pre></div>`
    return `<figure class="marbles" v-pre>${drawing}<details><summary>As text</summary>${text}</details></figure>\n`
  })
}

/** Folds the imports of a block if a block of the page before it has imported from the same modules. */
export function foldKnownImports(markdown: MarkdownRenderer): void {
  changeBlocks(markdown, scripts, ({ content }, before, render) => {
    const earlier = before.filter((each) => scripts.includes(languageOf(each))).map((each) => each.content)
    return isFolded(content, earlier) ? foldLines(render(), leadingImports(content)) : render()
  })
}

/** Links the first mention of each export on a page to its page in the reference. */
export function linkSymbols(markdown: MarkdownRenderer, index: SymbolIndex): void {
  markdown.core.ruler.push('symbol-links', ({ tokens, Token, env }) => {
    const { relativePath = '' } = env as { readonly relativePath?: string }
    if (!/^(?:guide|cookbook|migrate)\//.test(relativePath)) return
    const imported = new Set(
      tokens.flatMap(({ type, content }) => (type === 'fence' ? leadingImports(content).modules : [])),
    )
    const linked = new Set<string>()
    tokens.forEach((token, at) => {
      if (token.type !== 'inline' || tokens[at - 1]?.type === 'heading_open') return
      let depth = 0
      token.children = (token.children ?? []).flatMap((child) => {
        depth += child.type === 'link_open' ? 1 : child.type === 'link_close' ? -1 : 0
        const page =
          child.type === 'code_inline' && depth === 0
            ? pageOfSymbol(child.content, index, imported)
            : undefined
        if (page === undefined || linked.has(page)) return [child]
        linked.add(page)
        const open = new Token('link_open', 'a', 1)
        open.attrs = [['href', page]]
        return [open, child, new Token('link_close', 'a', -1)]
      })
    })
  })
}

/** States the size of each image, so that the text below it does not move when it arrives. */
export function sizeImages(markdown: MarkdownRenderer, docs: string): void {
  markdown.core.ruler.push('image-sizes', ({ tokens, env }) => {
    const { relativePath = '' } = env as { readonly relativePath?: string }
    for (const image of tokens
      .flatMap(({ children }) => children ?? [])
      .filter(({ type }) => type === 'image')) {
      const file = join(docs, relativePath, '..', image.attrGet('src') ?? '')
      const size = existsSync(file) ? imageSizeOf(file, readFileSync(file)) : undefined
      if (size === undefined) continue
      image.attrSet('width', String(Math.round(size.width)))
      image.attrSet('height', String(Math.round(size.height)))
    }
  })
}

/** Changes how blocks of these languages are rendered. An error says on which page and line it is. */
function changeBlocks(
  markdown: MarkdownRenderer,
  languages: readonly string[],
  change: (token: Token, before: readonly Token[], render: () => string) => string,
): void {
  const { rules } = markdown.renderer
  const rule = rules.fence
  rules.fence = (tokens, index, options, env, self) => {
    const render = (): string => rule?.(tokens, index, options, env, self) ?? ''
    const token = tokens[index]
    if (token === undefined || !languages.includes(languageOf(token))) return render()
    try {
      return change(token, tokens.slice(0, index), render)
    } catch (error) {
      const { relativePath = '' } = env as { readonly relativePath?: string }
      throw new Error(`docs/${relativePath}:${(token.map?.[0] ?? 0) + 1} ${(error as Error).message}`, {
        cause: error,
      })
    }
  }
}
