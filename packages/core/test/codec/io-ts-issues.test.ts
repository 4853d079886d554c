import { isLeft } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { toIssues } from '../../src/codec/io-ts-issues.js'

const issuesOf = (type: t.Mixed, value: unknown): readonly string[] => {
  const decoded = type.decode(value)
  if (!isLeft(decoded)) throw new Error('decoded')
  return toIssues(decoded.left).map(({ path, message }) => `${path}: ${message}`)
}

interface Tree {
  readonly label: string
  readonly children: readonly Tree[]
}
const Tree: t.Type<Tree> = t.recursion('Tree', () =>
  t.type({ label: t.string, children: t.readonlyArray(Tree) }),
)
const Point = t.type({ x: t.number, y: t.number })
const Circle = t.type({ kind: t.literal('circle'), radius: t.number })
const Square = t.type({ kind: t.literal('square'), side: t.number })
const Positive = t.refinement(t.number, (n) => n > 0, 'Positive')

describe('toIssues', () => {
  it.each<[string, t.Mixed, unknown, string[]]>([
    ['the whole value', t.string, 7, ['$: expected string, found 7']],
    ['a property', Point, { x: 1, y: 'a' }, ['$.y: expected number, found "a"']],
    ['an absent property', Point, { x: 1 }, ['$.y: expected number, found undefined']],
    [
      'all faults',
      Point,
      {},
      ['$.x: expected number, found undefined', '$.y: expected number, found undefined'],
    ],
    [
      'an item',
      t.array(Point),
      [
        { x: 1, y: 2 },
        { x: 1, y: null },
      ],
      ['$[1].y: expected number, found null'],
    ],
    [
      'an odd key',
      t.record(t.string, t.number),
      { 'a b': [] },
      ['$["a b"]: expected number, found an array of 0'],
    ],
    [
      'a tuple',
      t.tuple([t.string, Point]),
      ['a', { x: 1, y: {} }],
      ['$[1].y: expected number, found an object'],
    ],
    ['a refinement', t.type({ n: Positive }), { n: -1 }, ['$.n: expected Positive, found -1']],
    [
      'an intersection',
      t.intersection([Point, t.partial({ z: t.string })]),
      { x: 1, y: 2, z: 3 },
      ['$.z: expected string, found 3'],
    ],
    [
      'an exact type',
      t.type({ p: t.exact(Point) }),
      { p: { x: true, y: 1 } },
      ['$.p.x: expected number, found true'],
    ],
    [
      'a recursive type',
      Tree,
      { label: 'a', children: [{ label: 'b', children: [{ label: 4, children: [] }] }] },
      ['$.children[0].children[0].label: expected string, found 4'],
    ],
    [
      'a union of primitive types, once',
      t.type({ v: t.union([t.string, t.number]) }),
      { v: true },
      ['$.v: expected string | number, found true'],
    ],
    [
      'a tagged union by its tag',
      t.array(t.union([Circle, Square])),
      [{ kind: 'line' }],
      ['$[0].kind: expected "circle" | "square", found "line"'],
    ],
    [
      'a tagged union instead of an object',
      t.union([Circle, Square]),
      4,
      [`$: expected ${t.union([Circle, Square]).name}, found 4`],
    ],
    [
      'the tagged alternative',
      t.union([Circle, Square]),
      { kind: 'square', side: '1' },
      ['$.side: expected number, found "1"'],
    ],
    [
      'the alternative with the right shape',
      t.union([t.null, Point]),
      { x: 1, y: '2' },
      ['$.y: expected number, found "2"'],
    ],
    [
      'the nearest alternative',
      t.type({ u: t.union([Tree, Point]) }),
      { u: { x: 1, y: '2' } },
      ['$.u.y: expected number, found "2"'],
    ],
    [
      'a union under a refinement',
      t.refinement(t.union([t.string, t.number]), () => true, 'R'),
      null,
      ['$: expected string | number, found null'],
    ],
    [
      'a union within a recursive type',
      t.recursion<string | { n: number }>('R', () => t.union([t.string, t.type({ n: t.number })])),
      { n: 'x' },
      ['$.n: expected number, found "x"'],
    ],
    [
      'an intersection of unions',
      t.intersection([t.union([t.string, Point]), t.type({ z: t.number })]),
      { x: 1, y: 1, z: '' },
      ['$.z: expected number, found ""'],
    ],
  ])('reports %s with its path', (_, type, value, issues) => {
    expect(issuesOf(type, value)).toEqual(issues)
  })

  it('keeps the custom message of a type', () => {
    const Even = new t.Type<number>('Even', t.number.is, (u, c) => t.failure(u, c, 'must be even'), Number)
    expect(issuesOf(t.type({ n: Even }), { n: 3 })).toEqual(['$.n: must be even'])
  })

  it('returns at most 16 short issues for any value', () => {
    const issues = issuesOf(
      t.array(t.number),
      Array.from({ length: 10_000 }, () => 'x'.repeat(10_000)),
    )
    expect(issues).toHaveLength(16)
    expect(Math.max(...issues.map(({ length }) => length))).toBeLessThan(200)
  })
})
