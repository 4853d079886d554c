import { describe, expect, it } from 'vitest'
import { describeMarbles } from '../../check/docs/marbles/describe.js'
import { drawMarbles } from '../../check/docs/marbles/draw.js'
import { parseMarbles, type Stream } from '../../check/docs/marbles/parse.js'

const diagram = [
  'requests   -ab----|',
  '           serve(handler)',
  'handlers   -[a---]',
  '           --[b--]',
  'records    -------(AB)#',
  'notes         late  too late',
].join('\n')

const streams = (text: string): readonly Stream[] => parseMarbles(text).filter((row) => row.kind === 'stream')

describe('parseMarbles', () => {
  it('reads time lines, operators and notes', () => {
    expect(parseMarbles(diagram).map(({ kind }) => kind)).toEqual([
      'stream',
      'operator',
      'stream',
      'stream',
      'stream',
      'notes',
    ])
  })

  it('reads values and the end of a stream, with their columns', () => {
    expect(streams(diagram)[0]).toEqual({
      kind: 'stream',
      label: 'requests',
      marbles: '-ab----|',
      from: 0,
      to: 7,
      marks: [
        { at: 1, values: ['a'] },
        { at: 2, values: ['b'] },
        { at: 7, values: [], end: 'completes' },
      ],
      spans: [],
    })
  })

  it('reads a run of a handler, as long as its characters', () => {
    expect(streams(diagram).flatMap(({ spans }) => spans)).toEqual([
      { at: 1, length: 6, value: 'a' },
      { at: 2, length: 5, value: 'b' },
    ])
  })

  it('reads a group in one column, with the end of the stream', () => {
    expect(streams('x  -(ab|)')[0]).toMatchObject({
      to: 1,
      marks: [{ at: 1, values: ['a', 'b'], end: 'completes' }],
    })
  })

  it('reads when a stream fails, is subscribed and is unsubscribed', () => {
    expect(streams('x  -^-!#')[0]?.marks.map(({ end }) => end)).toEqual([
      'is subscribed',
      'is unsubscribed',
      'fails',
    ])
  })

  it('reads a time line that begins later, without a dash', () => {
    expect(streams('x  --a\ny    q')[1]).toMatchObject({ from: 2, to: 2, marks: [{ at: 2, values: ['q'] }] })
  })

  it('reads notes with spaces, at their columns', () => {
    expect(parseMarbles(diagram).at(-1)).toEqual({
      kind: 'notes',
      label: 'notes',
      notes: [
        { at: 3, text: 'late' },
        { at: 9, text: 'too late' },
      ],
    })
  })

  it.each([
    ['a first line without a label', '--a--', /"--a--": write a label, two spaces and a time line/],
    ['a label that is too long', 'x  --a\nresponses  --b', /"responses {2}--b": its label is longer/],
    ['a group that is not closed', 'x  --(a', /"\(a" is neither a group nor a run/],
    ['a run of two values', 'x  --[a-b]', /"\[a-b\]" is neither a group nor a run/],
  ])('rejects %s', (_, text, message) => {
    expect(() => parseMarbles(text)).toThrow(message)
  })
})

describe('describeMarbles', () => {
  it('says what happens in which column', () => {
    expect(describeMarbles(parseMarbles(diagram))).toBe(
      'requests: a at 1, b at 2, completes at 7; serve(handler); handlers: a from 1 to 7; handlers: b from 2 to 7; ' +
        'records: A and B at 7, fails at 11; notes: late at 3, too late at 9',
    )
  })

  it('says that nothing happens on an empty time line', () => {
    expect(describeMarbles(parseMarbles('x  ----'))).toBe('x: nothing')
  })
})

describe('drawMarbles', () => {
  const svg = drawMarbles(diagram)
  const countOf = (pattern: RegExp, text = svg): number => [...text.matchAll(pattern)].length

  it('draws a circle for each value, and a box for each run and operator', () => {
    expect(countOf(/<circle /g)).toBe(4)
    expect(countOf(/<rect class="value /g)).toBe(2)
    expect(countOf(/<rect class="operator"/g)).toBe(1)
    expect(countOf(/class="completes"/g)).toBe(1)
    expect(countOf(/class="fails"/g)).toBe(1)
    expect(countOf(/class="note"/g)).toBe(2)
  })

  it('draws a subscription from its begin to its end', () => {
    const drawn = drawMarbles('x  -^---!-')
    expect(countOf(/class="subscribed"/g, drawn)).toBe(1)
    expect(countOf(/class="unsubscribed"/g, drawn)).toBe(1)
  })

  it('draws an arrow where a stream goes on, and no line below a lone value', () => {
    expect(countOf(/class="head"/g, drawMarbles('x  --a--'))).toBe(1)
    expect(countOf(/class="head"/g, drawMarbles('x  --a--|'))).toBe(0)
    expect(countOf(/class="axis"/g, drawMarbles('x  a'))).toBe(0)
  })

  it('gives a request and its response the same colour', () => {
    const hues = [...drawMarbles('x  -a-b\n\ny  -B-A').matchAll(/<circle class="value (hue-\d)/g)]
    expect(hues.map(([, hue]) => hue)).toEqual(['hue-0', 'hue-1', 'hue-1', 'hue-0'])
  })

  it('has the diagram in words, and escapes the text of an operator', () => {
    expect(drawMarbles('x  -a\n   map((x) => "<b>")')).toContain(
      'aria-label="Marble diagram. x: a at 1; map((x) =&gt; &quot;&lt;b&gt;&quot;)"',
    )
  })

  it('is high enough for the values of a group', () => {
    const heightOf = (text: string) => Number(/height="(\d+)"/.exec(drawMarbles(text))?.[1])
    expect(heightOf('x  (abc)') - heightOf('x  a')).toBe(38)
  })

  it('has the width of its time lines, or of a longer operator', () => {
    const widthOf = (text: string) => Number(/ width="(\d+)"/.exec(drawMarbles(text))?.[1])
    expect(widthOf('x  --------a')).toBeGreaterThan(widthOf('x  -a'))
    expect(widthOf(`x  -a\n   ${'map'.repeat(9)}()`)).toBeGreaterThan(200)
  })

  it('rejects a diagram that is wider than a page', () => {
    expect(() => drawMarbles(`x  ${'-'.repeat(60)}`)).toThrow(/marbles are \d+ px wide: at most 660 px fit/)
  })
})
