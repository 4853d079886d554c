import { existsSync, readdirSync } from 'node:fs'

/** The pages of the exports of all modules: from a name to its page in each module that exports it. */
export type SymbolIndex = ReadonlyMap<string, ReadonlyMap<string, string>>

/** The module whose export is meant where a page does not say. */
const mainModule = '@antiphon/core'

/** Reads the pages of exports, `@antiphon/core/functions/serve.md`, from the folder of the reference. */
export function readSymbolIndex(folder: string): SymbolIndex {
  if (!existsSync(folder)) return new Map()
  return symbolIndexOf(readdirSync(folder, { recursive: true, encoding: 'utf8' }))
}

/** Returns the index of pages such as `@antiphon/core/functions/serve.md`. */
export function symbolIndexOf(pages: readonly string[]): SymbolIndex {
  const index = new Map<string, Map<string, string>>()
  for (const page of pages) {
    const [, module = '', kind = '', name = ''] =
      /^(@.+)\/(functions|classes|interfaces|type-aliases|variables|enumerations)\/([^/]+)\.md$/.exec(
        page.replaceAll('\\', '/'),
      ) ?? []
    if (name === '') continue
    const modules = index.get(name) ?? new Map<string, string>()
    index.set(name, modules.set(module, `/reference/${module}/${kind}/${name}`))
  }
  return index
}

/**
 * Returns the page of the export that a code in a text names, such as `serve` or `idle$(link)`.
 *
 * If several modules export the name, it is that which the page imports, or else that of core.
 */
export function pageOfSymbol(
  code: string,
  index: SymbolIndex,
  imported: ReadonlySet<string>,
): string | undefined {
  const pages = index.get(/^([\w$]+)(?:\(.*\))?$/.exec(code)?.[1] ?? '')
  if (pages === undefined) return undefined
  const modules = [...pages.keys()]
  const [only, ...others] = modules.length === 1 ? modules : modules.filter((module) => imported.has(module))
  return pages.get(only === undefined || others.length > 0 ? mainModule : only)
}
