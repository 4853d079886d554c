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

const describeLaws = <A>(name: string, codec: Codec<A>, options: CodecLawsOptions<A>): void => {
  describe(`codecLaws for ${name}`, () => {
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

describeLaws('text', text, { arbitrary: fc.string({ unit: 'binary' }) })
describeLaws('bytes', bytes, { arbitrary: fc.uint8Array() })
describeLaws('json', json(Reading), {
  arbitrary: reading,
  maximumBytes: 1_048_576,
  nesting: { maximumDepth: 100, payload: nestedArrays },
})
describeLaws(
  'json of any value, with its own limits',
  json(t.unknown, { maximumBytes: 300_000, maximumDepth: 5 }),
  {
    arbitrary: fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
    maximumBytes: 300_000,
    nesting: { maximumDepth: 5, payload: nestedArrays },
  },
)
describeLaws('oneOf', oneOf(json(t.string, bounds), text), {
  arbitrary: fc.string(),
  maximumBytes: bounds.maximumBytes,
})

/** A correct codec of small numbers; each test breaks one member. */
const decimal: Codec<number> = {
  contentType: 'text/x-decimal',
  isText: true,
  accepts: (contentType) => contentType === undefined || /^text\/x-decimal\b/i.test(contentType),
  encode: (value) => toUtf8(String(value)),
  decode: (payload) => {
    if (payload.length > 20) return decodeFailure('text/x-decimal', `longer than 20 bytes`)
    const digits = payload.every((byte) => byte < 0x80) ? fromUtf8(payload) : ''
    if (/^\[+/.test(digits)) return decodeFailure('text/x-decimal', 'nested deeper than 0')
    return /^(0|[1-9]\d{0,14})$/.test(digits)
      ? right(Number(digits))
      : decodeFailure('text/x-decimal', `expected digits, found ${digits}`)
  },
}
const options = { arbitrary: fc.nat(), numRuns: 300, seed: 1, maximumBytes: 20 }

const laws = {
  bytes: 'encodes to a Uint8Array',
  roundTrip: 'decodes an encoded value to the same value',
  ownBuffer: 'encodes every value into its own buffer',
  utf8: 'encodes text as UTF-8',
  described: 'returns a described error for any invalid payload without throwing',
  unchanged: 'does not change the payload that it decodes',
  reencodes: 'encodes every decoded value',
  contentType: 'accepts the content type that it writes, in any case',
  length: 'rejects a payload of more than 20 bytes unread',
} as const

const lawsBrokenBy = <A>(codec: Codec<A>, lawOptions: CodecLawsOptions<A>): readonly string[] =>
  codecLaws(codec, lawOptions)
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
const parseWithoutThrowing = (payload: Uint8Array) => {
  try {
    return parseFirst(payload)
  } catch {
    return decodeFailure('text/x-decimal', 'not JSON')
  }
}

describe('codecLaws', () => {
  it('accepts a correct codec', () => {
    expect(lawsBrokenBy(decimal, options)).toEqual([])
  })

  it.each<[string, Partial<Codec<number>>, readonly string[]]>([
    [
      'loses a digit',
      { encode: (n) => decimal.encode(Number(n.toPrecision(3))) },
      [laws.roundTrip, laws.reencodes],
    ],
    [
      'encodes to a string',
      { encode: (n) => String(n) as never },
      [laws.bytes, laws.roundTrip, laws.utf8, laws.reencodes],
    ],
    [
      'throws on an invalid number',
      { decode: parseFirst },
      [laws.described, laws.unchanged, laws.reencodes, laws.length],
    ],
    [
      'parses before it applies the limit',
      {
        decode: (payload) => {
          const decoded = parseWithoutThrowing(payload)
          return payload.length > 20 ? decodeFailure('text/x-decimal', 'longer than 20 bytes') : decoded
        },
      },
      [laws.length],
    ],
    ['has no length limit', { decode: parseWithoutThrowing }, [laws.length]],
    [
      'reads the payload before it applies the limit',
      {
        decode: (payload) =>
          payload[0] === 0x2d ? decodeFailure('text/x-decimal', 'negative') : decimal.decode(payload),
      },
      [laws.length],
    ],
    [
      'applies a limit that is one byte too high',
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
      [laws.ownBuffer],
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
      'encodes text as UTF-16',
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
      [laws.described, laws.length],
    ],
    [
      'decodes a value that it cannot encode',
      {
        decode: (payload) => (payload.length === 0 ? right(Number.NaN) : decimal.decode(payload)),
      },
      [laws.reencodes],
    ],
    ['has an invalid media type', { contentType: 'decimal' }, [laws.contentType]],
    [
      'compares the content type case-sensitively',
      { accepts: (contentType) => contentType === 'text/x-decimal' },
      [laws.contentType],
    ],
    [
      'does not accept a charset parameter',
      { accepts: (contentType) => /^text\/x-decimal$/i.test(contentType ?? '') },
      [laws.contentType],
    ],
  ])('rejects a codec that %s', (_, members, broken) => {
    expect(lawsBrokenBy({ ...decimal, ...members }, options)).toEqual(broken)
  })

  it('rejects a codec that parses before it measures the nesting', () => {
    const nesting = { maximumDepth: 3, payload: nestedArrays }
    const lawOptions = { arbitrary: fc.constant(null), nesting }
    const inspect = (depth: number, value: unknown): number =>
      Array.isArray(value) ? Math.max(depth, ...value.map((item) => inspect(depth + 1, item))) : depth
    const bounded = (decode: Codec<unknown>['decode']): Codec<unknown> => ({ ...json(t.unknown), decode })
    const boundedLate = bounded((payload) => {
      try {
        const value: unknown = JSON.parse(fromUtf8(payload))
        return inspect(0, value) > 3
          ? decodeFailure('application/json', 'nested deeper than 3')
          : right(value)
      } catch (thrown) {
        return decodeFailure('application/json', String(thrown))
      }
    })
    const name = 'rejects nesting deeper than 3 unparsed'
    expect(lawsBrokenBy(json(t.unknown, { maximumDepth: 3 }), lawOptions)).toEqual([])
    expect(lawsBrokenBy(boundedLate, lawOptions)).toEqual([name])
    expect(lawsBrokenBy(json(t.unknown, { maximumDepth: 4 }), lawOptions)).toEqual([name])
    expect(lawsBrokenBy(json(t.unknown, { maximumDepth: 2 }), lawOptions)).toEqual([name])
  })

  it('reports the counterexample', () => {
    const lossy = { ...decimal, encode: (n: number) => decimal.encode(Number(n.toPrecision(3))) }
    const roundTrip = codecLaws(lossy, options).find(({ name }) => name === laws.roundTrip)
    expect(roundTrip?.check).toThrow(/Counterexample: \[\d+\]/)
  })

  it('compares 0 and -0 as equal', () => {
    expect(lawsBrokenBy(json(t.unknown), { arbitrary: fc.constant({ list: [-0] }), numRuns: 1 })).toEqual([])
  })

  it('compares values with the equals option', () => {
    const lossy = { ...decimal, encode: (n: number) => decimal.encode(Number(n.toPrecision(3))) }
    const equals = (a: number, b: number) => Math.abs(a - b) <= Math.max(a, b) / 100
    expect(lawsBrokenBy(lossy, { ...options, equals })).toEqual([])
  })
})
