import { describe, expect, it } from 'vitest'
import { highlight } from '../../playground/highlight.js'
import { readyPrograms } from '../../playground/ready-programs.js'

const coloured = (source: string) =>
  highlight(source)
    .filter(({ kind }) => kind !== undefined)
    .map(({ text, kind }) => `${kind}: ${text}`)

describe('highlight', () => {
  it.each([
    ['const a = 1_000 // one', ['keyword: const', 'number: 1_000', 'comment: // one']],
    ["import { from, of } from 'rxjs'", ['keyword: import', 'keyword: from', "string: 'rxjs'"]],
    ['from(x).pipe(of(1), a.catch, { of: 1 })', ['number: 1', 'number: 1']],
    ['for (const of of ofs)', ['keyword: for', 'keyword: const', 'keyword: of', 'keyword: of']],
    ['`a ${b}\nc` + "it\\"s"', ['string: `a ${b}\nc`', 'string: "it\\"s"']],
    ["'open\nreturn /* open", ["string: 'open", 'keyword: return', 'comment: /* open']],
  ])('finds the parts of %s', (source, expected) => {
    expect(coloured(source)).toEqual(expected)
  })

  it.each([...readyPrograms.map(({ source }) => source), '', '\'"`/*'])('keeps the text', (source) => {
    expect(
      highlight(source)
        .map(({ text }) => text)
        .join(''),
    ).toBe(source)
  })
})
