/** Places where a ruled-out word is right, and why. */
export interface Allowed {
  /** A path from the repository's folder, or the beginning of one where it ends in `/`. */
  readonly path: string
  /** The words by their name in `words.ts`; all of them where it is left out. */
  readonly words?: readonly string[]
  readonly why: string
}

/** The allow-list of the word check. */
export const allowed: readonly Allowed[] = [
  { path: 'packages/workshop/check/language/', why: 'names the words that it rules out' },
  { path: 'packages/workshop/test/check/language.test.ts', why: 'tests the rules with the words themselves' },
  { path: 'packages/workshop/test/check/github.test.ts', words: ['question'], why: 'the form question.yml' },
  { path: 'docs/decisions/0016-language.md', why: 'quotes the old names and texts' },
  { path: '.changeset/public-names.md', why: 'lists the old names beside the new' },
  { path: 'docs/decisions/0013-own-code-or-library.md', words: ['reply'], why: 'the term of RFC 1928' },
  { path: 'packages/mqtt/src/proxy/socks5.ts', words: ['reply'], why: 'the term of RFC 1928' },
  { path: 'packages/mqtt/test/socks5.test.ts', words: ['reply'], why: 'the term of RFC 1928' },
  { path: 'packages/asyncapi/', words: ['reply'], why: 'the term of AsyncAPI' },
  { path: 'packages/cli/test/contract-document.ts', words: ['reply'], why: 'the term of AsyncAPI' },
  { path: 'docs/decisions/0032-contracts-as-files.md', words: ['reply'], why: 'the term of AsyncAPI' },
  { path: 'examples/07-contract-first/contract.ts', words: ['reply'], why: 'the term of AsyncAPI' },
  { path: 'docs/guide/contract-first.md', words: ['reply'], why: 'the term of AsyncAPI' },
  { path: 'packages/nestjs/', words: ['reply'], why: 'a level of topics of NestJS' },
  { path: 'docs/guide/nestjs.md', words: ['reply'], why: 'a level of topics of NestJS' },
  {
    path: 'packages/oci-raw-commands/src/platform/command-delivery.ts',
    words: ['is none'],
    why: 'isNone of fp-ts',
  },
]

/** Whether the word may stand in the file. */
export function isAllowed(path: string, word: string, list: readonly Allowed[] = allowed): boolean {
  return list.some(
    ({ path: place, words }) =>
      (place.endsWith('/') ? path.startsWith(place) : path === place) && (words?.includes(word) ?? true),
  )
}
