import type { DefaultTheme } from 'vitepress'

/**
 * Reduces a page of the reference to its title and summary: the sections on its parameters repeat the same words so often
 * that they would outweigh the guide.
 */
function summaryOf(page: string): string {
  return page.replace(/^## [^]*/m, '').replaceAll(/^```[^]*?^```$/gm, '')
}

/** The options of the search: the guide comes before the reference, and pages for contributors come last. */
export const searchOptions: DefaultTheme.LocalSearchOptions = {
  _render: (source, env, markdown) => {
    const isReference = env.relativePath.startsWith('reference/')
    const html = markdown.render(isReference ? summaryOf(source) : source, env)
    return env.frontmatter?.['search'] === false ? '' : html
  },
  miniSearch: {
    searchOptions: {
      fuzzy: 0.1,
      prefix: true,
      boost: { title: 4, titles: 1, text: 2 },
      // The theme sends the text of this function to the page, so it must not use anything outside of itself.
      boostDocument: (id: string) => {
        if (/^\/guide\b/.test(id)) return 1
        if (/^\/(cookbook|migrate|playground)\b/.test(id)) return 0.5
        return /^\/(wire|SECURITY)\b/.test(id) ? 0.3 : 0.05
      },
    },
  },
}
