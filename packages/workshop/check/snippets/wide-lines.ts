/** The columns of code that a page shows without scrolling, beside its outline and in a terminal. */
export const maximumWidth = 80

/** Output that is printed by a program, and is as wide as the program prints it. */
export interface WideOutput {
  readonly page: string
  /** The language of the blocks. */
  readonly language: string
  readonly columns: number
  readonly why: string
}

/** The blocks that may be wider than other code. */
export const wideOutputs: readonly WideOutput[] = [
  {
    page: 'docs/guide/command-line.md',
    language: 'text',
    columns: 100,
    why: 'the help of the commands, as a test of packages/cli writes it; the site shows 100 columns on a desktop',
  },
]

/** A line of a block of code that is too long. */
export interface WideLine {
  /** The line of the page, from 1. */
  readonly line: number
  readonly columns: number
  readonly maximum: number
}

/** Returns the lines in the blocks of code of a page that are longer than it can show. */
export function wideLinesIn(
  page: string,
  markdown: string,
  allowed: readonly WideOutput[] = wideOutputs,
): readonly WideLine[] {
  let fence: { readonly mark: string; readonly indent: number; readonly maximum: number } | undefined
  return markdown.split('\n').flatMap((text, index): readonly WideLine[] => {
    if (fence === undefined) {
      const [, indent = '', mark = '', language = ''] = /^(\s*)(`{3,}|~{3,})\s*(\S*)/.exec(text) ?? []
      const output = allowed.find((each) => each.page === page && each.language === language)
      if (mark !== '') fence = { mark, indent: indent.length, maximum: output?.columns ?? maximumWidth }
      return []
    }
    if (text.trim() === fence.mark) {
      fence = undefined
      return []
    }
    const columns = [...text].length - fence.indent
    return columns > fence.maximum ? [{ line: index + 1, columns, maximum: fence.maximum }] : []
  })
}
