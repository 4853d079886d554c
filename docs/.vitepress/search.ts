import type { DefaultTheme } from 'vitepress'

/**
 * Reduces a page of the reference to its headings of exports and their summaries: its other text repeats the same words so
 * often that it would outweigh the guide.
 */
function withoutDetails(page: string): string {
  let isCode = false
  let isDetail = false
  return page
    .split('\n')
    .filter((line) => {
      if (line.startsWith('```')) {
        isCode = !isCode
        return false
      }
      const [, marks] = /^(#+) /.exec(line) ?? []
      if (marks !== undefined && !isCode) isDetail = marks.length > 3
      return !isCode && !isDetail && !line.startsWith('|')
    })
    .join('\n')
}

/** The options of the search: the guide comes before the reference, and pages for contributors come last. */
export const searchOptions: DefaultTheme.LocalSearchOptions = {
  _render: (source, env, markdown) => {
    const isReference = env.relativePath.startsWith('reference/')
    const html = markdown.render(isReference ? withoutDetails(source) : source, env)
    return env.frontmatter?.['search'] === false ? '' : html
  },
  miniSearch: {
    searchOptions: {
      fuzzy: 0.1,
      prefix: true,
      boost: { title: 4, titles: 1, text: 2 },
      // The theme sends the text of this function to the page, so it must not use anything outside of itself.
      boostDocument: (id: string) => {
        if (/\/(guide|getting-started|troubleshooting|faq|compared)\b/.test(id)) return 1
        return /\/(wire|SECURITY)\b/.test(id) ? 0.3 : 0.05
      },
    },
  },
}
