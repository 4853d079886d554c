import { describe, expect, it } from 'vitest'
import { isAllowed } from '../../check/language/allowed.js'
import { findWords, splitIdentifiers } from '../../check/language/find-words.js'
import { glossaryFaults, glossaryOf } from '../../check/language/glossary.js'

describe('findWords', () => {
  const found = (text: string): readonly string[] => findWords(text).map(({ word }) => word)

  it('finds a ruled-out word in prose, with its line', () => {
    expect(findWords('first\nThe question is sent.')).toMatchObject([{ line: 2, found: 'question' }])
  })

  it.each([
    ['camel case', 'const replyTopic = 1', 'reply'],
    ['Pascal case', 'class ManyReplies {}', 'reply'],
    ['upper case', 'const REPLIES_LIMIT = 1', 'reply'],
    ['kebab case', "import './many-replies.js'", 'reply'],
  ])('finds a ruled-out word inside a %s identifier', (_, text, word) => {
    expect(found(text)).toEqual([word])
  })

  it('does not find a ruled-out word inside another word', () => {
    expect(found('a task, a mask and an unquestionable basket')).toEqual([])
  })

  it('accepts "answer" as a verb and rejects it as a noun', () => {
    expect(found('serve answers malformed payloads with 400')).toEqual([])
    expect(found('the answer arrives')).toEqual(['answer (noun)'])
  })

  it('rejects a sentence that begins with "who", but not a question', () => {
    expect(found('Who sends a message waits.')).toEqual(['headless who'])
    expect(found('Who may import whom?')).toEqual([])
  })
})

describe('splitIdentifiers', () => {
  it('separates the words of identifiers', () => {
    expect(splitIdentifiers('aB HTTPServer X_Y c-d')).toBe('a B HTTP Server X Y c d')
  })
})

describe('isAllowed', () => {
  const list = [
    { path: 'docs/', words: ['reply'], why: 'test' },
    { path: 'a.ts', why: 'test' },
  ]

  it('allows the listed words in a folder', () => {
    expect(isAllowed('docs/x.md', 'reply', list)).toBe(true)
    expect(isAllowed('docs/x.md', 'ask', list)).toBe(false)
  })

  it('allows every word in a file that lists none', () => {
    expect(isAllowed('a.ts', 'ask', list)).toBe(true)
    expect(isAllowed('b/a.ts', 'ask', list)).toBe(false)
  })
})

describe('the glossary', () => {
  const page = [
    '## Glossary',
    '',
    '| term | in MQTT or RxJS | file |',
    '| --- | --- | --- |',
    '| `Link` | a client | `packages/core/src/link/link.ts` |',
  ].join('\n')

  it('is read from the table under its heading', () => {
    expect(glossaryOf(page)).toEqual([
      { line: 5, terms: ['Link'], files: ['packages/core/src/link/link.ts'] },
    ])
  })

  it('is faulted for a file that does not exist and a term that no source uses', () => {
    const rows = glossaryOf(page)
    expect(
      glossaryFaults(
        rows,
        () => true,
        () => true,
      ),
    ).toEqual([])
    expect(
      glossaryFaults(
        rows,
        () => false,
        () => false,
      ),
    ).toEqual(['line 5: packages/core/src/link/link.ts does not exist', 'line 5: no source uses Link'])
  })

  it('is faulted for having no table', () => {
    expect(
      glossaryFaults(
        glossaryOf('# Architecture'),
        () => true,
        () => true,
      ),
    ).toHaveLength(1)
  })
})
