import { bytes, json, oneOf, text } from '@antiphon/core'
import { decodeFailure, fromUtf8, toUtf8 } from '@antiphon/core/codec'
import type { Codec } from '@antiphon/core'
import fc from 'fast-check'
import { left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { codecLaws } from '../src/codec-laws.js'
import type { CodecLawsOptions } from '../src/codec-laws.js'

const numRuns = Number(process.env['ANTIPHON_FC_RUNS'] ?? 500)

const lawful = <A>(name: string, codec: Codec<A>, options: CodecLawsOptions<A>): void => {
  describe(`the laws of ${name}`, () => {
    for (const law of codecLaws(codec, { numRuns, ...options })) it(law.name, law.check)
  })
}

const Reading = t.type({
  value: t.number,
  unit: t.union([t.literal('C'), t.literal('F')]),
  tags: t.array(t.string),
})
const reading: fc.Arbitrary<t.TypeOf<typeof Reading>> = fc.record({
  value: fc.double({ noNaN: true, noDefaultInfinity: true }),
  unit: fc.constantFrom('C', 'F'),
  tags: fc.array(fc.string({ unit: 'binary' })),
})
const nestedArrays = (depth: number) => toUtf8('['.repeat(depth) + ']'.repeat(depth))
const bounds = { maximumBytes: 2_000, maximumDepth: 5 }

lawful('text', text, { arbitrary: fc.string({ unit: 'binary' }) })
lawful('bytes', bytes, { arbitrary: fc.uint8Array() })
lawful('json', json(Reading), {
  arbitrary: reading,
  maximumBytes: 1_048_576,
  nesting: { maximumDepth: 100, payload: nestedArrays },
})
lawful(
  'json of anything, with bounds of its own',
  json(t.unknown, { maximumBytes: 300_000, maximumDepth: 5 }),
  {
    arbitrary: fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
    maximumBytes: 300_000,
    nesting: { maximumDepth: 5, payload: nestedArrays },
  },
)
lawful('oneOf', oneOf(json(t.string, bounds), text), {
  arbitrary: fc.string(),
  maximumBytes: bounds.maximumBytes,
})

/** A lawful codec of small numbers, to be broken in one place at a time. */
const decimal: Codec<number> = {
  contentType: 'text/x-decimal',
  isText: true,
  accepts: (contentType) => contentType === undefined || /^text\/x-decimal\b/i.test(contentType),
  encode: (value) => toUtf8(String(value)),
  decode: (payload) => {
    if (payload.length > 20) return decodeFailure('text/x-decimal', `longer than 20 bytes`)
    const written = payload.every((byte) => byte < 0x80) ? fromUtf8(payload) : ''
    if (/^\[+/.test(written)) return decodeFailure('text/x-decimal', 'nested deeper than 0')
    return /^(0|[1-9]\d{0,14})$/.test(written)
      ? right(Number(written))
      : decodeFailure('text/x-decimal', `expected digits, found ${written}`)
  },
}
const options = { arbitrary: fc.nat(), numRuns: 300, seed: 1, maximumBytes: 20 }

const laws = {
  bytes: 'encode gives a Uint8Array',
  roundTrip: 'decode gives back what encode was given',
  own: 'encode gives every value bytes of its own',
  utf8: 'text is UTF-8',
  calm: 'decode never throws and says what is wrong',
  unchanged: 'decode leaves the payload as it was',
  again: 'what decodes can be encoded again',
  contentType: 'the content type is a media type that the codec reads, in any case',
  length: 'a payload of more than 20 bytes is refused unread',
} as const

const brokenBy = <A>(codec: Codec<A>, given: CodecLawsOptions<A>): readonly string[] =>
  codecLaws(codec, given)
    .filter(({ check }) => {
      try {
        check()
        return false
      } catch {
        return true
      }
    })
    .map(({ name }) => name)

const shared = new Uint8Array(16)
const parseFirst = (payload: Uint8Array) => {
  const decoded = JSON.parse(fromUtf8(payload)) as number
  return Number.isInteger(decoded) && decoded >= 0 && !Object.is(decoded, -0)
    ? right(decoded)
    : decodeFailure('text/x-decimal', 'not a natural number')
}
const parseCalmly = (payload: Uint8Array) => {
  try {
    return parseFirst(payload)
  } catch {
    return decodeFailure('text/x-decimal', 'not JSON')
  }
}

describe('codecLaws', () => {
  it('finds nothing wrong with a lawful codec', () => {
    expect(brokenBy(decimal, options)).toEqual([])
  })

  it.each<[string, Partial<Codec<number>>, readonly string[]]>([
    [
      'loses a digit',
      { encode: (n) => decimal.encode(Number(n.toPrecision(3))) },
      [laws.roundTrip, laws.again],
    ],
    [
      'encodes to a string',
      { encode: (n) => String(n) as never },
      [laws.bytes, laws.roundTrip, laws.utf8, laws.again],
    ],
    [
      'throws at what is no number',
      { decode: parseFirst },
      [laws.calm, laws.unchanged, laws.again, laws.length],
    ],
    [
      'parses before it bounds',
      {
        decode: (payload) => {
          const decoded = parseCalmly(payload)
          return payload.length > 20 ? decodeFailure('text/x-decimal', 'longer than 20 bytes') : decoded
        },
      },
      [laws.length],
    ],
    ['has no bound', { decode: parseCalmly }, [laws.length]],
    [
      'looks before it bounds',
      {
        decode: (payload) =>
          payload[0] === 0x2d ? decodeFailure('text/x-decimal', 'negative') : decimal.decode(payload),
      },
      [laws.length],
    ],
    [
      'bounds one byte too late',
      {
        decode: (payload) => decimal.decode(payload.length === 21 ? new Uint8Array(20) : payload),
      },
      [laws.length],
    ],
    [
      'shares one buffer',
      {
        encode: (n) => shared.subarray(0, new TextEncoder().encodeInto(String(n), shared).written),
      },
      [laws.own],
    ],
    [
      'changes the payload',
      {
        decode: (payload) => {
          const decoded = decimal.decode(payload)
          if (payload.length <= 20) payload.fill(0)
          return decoded
        },
      },
      [laws.unchanged],
    ],
    [
      'calls UTF-16 text',
      {
        encode: (n) => Uint8Array.of(0xff, 0xfe, ...decimal.encode(n)),
        decode: (payload) => decimal.decode(payload.length > 20 ? payload : payload.subarray(2)),
      },
      [laws.utf8],
    ],
    [
      'fails without an issue',
      {
        decode: (payload) => {
          const decoded = decimal.decode(payload)
          return decoded._tag === 'Left' ? left({ ...decoded.left, issues: [] as never }) : decoded
        },
      },
      [laws.calm, laws.length],
    ],
    [
      'reads what it cannot write',
      {
        decode: (payload) => (payload.length === 0 ? right(Number.NaN) : decimal.decode(payload)),
      },
      [laws.again],
    ],
    ['names no media type', { contentType: 'decimal' }, [laws.contentType]],
    [
      'knows one case only',
      { accepts: (contentType) => contentType === 'text/x-decimal' },
      [laws.contentType],
    ],
    [
      'knows no charset',
      { accepts: (contentType) => /^text\/x-decimal$/i.test(contentType ?? '') },
      [laws.contentType],
    ],
  ])('finds out a codec that %s', (_, members, broken) => {
    expect(brokenBy({ ...decimal, ...members }, options)).toEqual(broken)
  })

  it('finds out a codec that parses before it measures the nesting', () => {
    const nesting = { maximumDepth: 3, payload: nestedArrays }
    const given = { arbitrary: fc.constant(null), nesting }
    const inspect = (depth: number, value: unknown): number =>
      Array.isArray(value) ? Math.max(depth, ...value.map((item) => inspect(depth + 1, item))) : depth
    const bounded = (decode: Codec<unknown>['decode']): Codec<unknown> => ({ ...json(t.unknown), decode })
    const late = bounded((payload) => {
      try {
        const value: unknown = JSON.parse(fromUtf8(payload))
        return inspect(0, value) > 3
          ? decodeFailure('application/json', 'nested deeper than 3')
          : right(value)
      } catch (thrown) {
        return decodeFailure('application/json', String(thrown))
      }
    })
    const name = 'nesting deeper than 3 is refused unparsed'
    expect(brokenBy(json(t.unknown, { maximumDepth: 3 }), given)).toEqual([])
    expect(brokenBy(late, given)).toEqual([name])
    expect(brokenBy(json(t.unknown, { maximumDepth: 4 }), given)).toEqual([name])
    expect(brokenBy(json(t.unknown, { maximumDepth: 2 }), given)).toEqual([name])
  })

  it('tells the value that broke the law', () => {
    const forgetful = { ...decimal, encode: (n: number) => decimal.encode(Number(n.toPrecision(3))) }
    const roundTrip = codecLaws(forgetful, options).find(({ name }) => name === laws.roundTrip)
    expect(roundTrip?.check).toThrow(/Counterexample: \[\d+\]/)
  })

  it('takes 0 and -0 for the same', () => {
    expect(brokenBy(json(t.unknown), { arbitrary: fc.constant({ list: [-0] }), numRuns: 1 })).toEqual([])
  })

  it('compares as it is told to', () => {
    const forgetful = { ...decimal, encode: (n: number) => decimal.encode(Number(n.toPrecision(3))) }
    const equals = (one: number, other: number) => Math.abs(one - other) <= Math.max(one, other) / 100
    expect(brokenBy(forgetful, { ...options, equals })).toEqual([])
  })
})
