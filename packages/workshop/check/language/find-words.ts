import { ruledOutWords, type RuledOutWord } from './words.js'

/** A ruled-out word in a file. */
export interface Finding {
  readonly line: number
  readonly found: string
  readonly word: string
  readonly instead: string
}

/** Finds ruled-out words in a text; identifiers are split into their words first. */
export function findWords(text: string, words: readonly RuledOutWord[] = ruledOutWords): readonly Finding[] {
  return text.split('\n').flatMap((line, index) => {
    const split = splitIdentifiers(line)
    return words.flatMap(({ word, pattern, instead }) =>
      [...split.matchAll(pattern)].map((match) => ({
        line: index + 1,
        found: match[0].trim(),
        word,
        instead,
      })),
    )
  })
}

/** Separates the words of `camelCase`, `PascalCase`, `UPPER_CASE` and `kebab-case` names by spaces. */
export function splitIdentifiers(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[_-]/g, ' ')
}
