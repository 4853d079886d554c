import { right } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { cbor } from '../src/cbor.js'
import { integer64 } from '../src/io-ts.js'
import { describeLaws, hex, join, plainData, issueOf, repeat, toHex } from './laws.js'

const anything = cbor(t.unknown)
const nested = (depth: number) => join(repeat(depth - 1, 0x81), Uint8Array.of(0x80))
const nestedTags = (depth: number) => join(repeat(depth, 0xc1), Uint8Array.of(0))

const Reading = t.type({ celsius: t.number, serial: integer64, tags: t.array(t.string) })
describeLaws('cbor', cbor(Reading), {
  arbitrary: fc.record({
    celsius: fc.double(),
    serial: fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
    tags: fc.array(fc.string({ unit: 'binary' })),
  }),
  maximumBytes: 1_048_576,
  nesting: { maximumDepth: 100, payload: nested },
})
const large = fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n })
describeLaws('cbor of anything', cbor(t.unknown, { maximumBytes: 200_000, maximumDepth: 20 }), {
  arbitrary: plainData(
    fc.uint8Array(),
    large,
    large.map((value) => -value - 1n),
  ),
  maximumBytes: 200_000,
  nesting: { maximumDepth: 20, payload: nested },
})

describe('cbor', () => {
  it.each<[string, unknown]>([
    ['1864', 100],
    ['1bffffffffffffffff', 18446744073709551615n],
    ['3bffffffffffffffff', -18446744073709551616n],
    ['fb3ff199999999999a', 1.1],
    ['f90001', 5.960464477539063e-8],
    ['f97e00', Number.NaN],
    ['fa7f800000', Number.POSITIVE_INFINITY],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['62c3bc', 'ü'],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
    ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
    ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
    ['9fff', []],
    ['c074323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
    ['c11a514b67b0', 1363896240],
    ['d9d9f700', 0],
    ['a16161f7', {}],
  ])('decodes the CBOR payload %s as RFC 8949 does', (payload, value) => {
    expect(anything.decode(hex(payload))).toEqual(right(value))
  })

  it('encodes CBOR in the deterministic form, whatever the order of the keys', () => {
    expect(toHex(anything.encode({ bb: 1, a: undefined, c: 1.5 }))).toBe('a26163f93e0062626201')
    expect(anything.encode({ b: 1, a: 2 })).toEqual(anything.encode({ a: 2, b: 1 }))
  })

  it('encodes -0 as the integer 0 in CBOR', () => {
    expect(toHex(cbor(t.number).encode(-0))).toBe('00')
  })

  it('decodes a small integer to a bigint with integer64', () => {
    const codec = cbor(integer64)
    expect(codec.decode(hex('07'))).toEqual(right(7n))
    expect(toHex(codec.encode(7n))).toBe('07')
    expect(issueOf(codec, hex('f93e00'))).toBe('expected integer64, found 1.5')
    expect(() => anything.encode(2n ** 64n)).toThrow(
      '18446744073709551616n cannot be represented in application/cbor',
    )
  })

  it('reports the path of a CBOR decode error', () => {
    expect(issueOf(cbor(Reading), hex('a1 67 63656c73697573 61 78'))).toBe(
      '$.celsius: expected number, found "x"',
    )
  })

  it.each([
    ['', 'the payload is truncated'],
    ['18', 'the payload is truncated'],
    ['1b00000000000000', 'the payload is truncated'],
    ['62c3', 'the payload is truncated: 1 bytes are missing'],
    ['8201', 'the payload declares more items than it has bytes'],
    ['9f01', 'the payload is truncated'],
    ['0000', 'the payload has 1 bytes after the end of its item'],
    ['ff', 'unexpected break at byte 0'],
    ['81ff', 'unexpected break at byte 1'],
    ['9f81ffff', 'unexpected break at byte 2'],
    ['1c', 'invalid item head at byte 0'],
    ['7f6161ff', 'unsupported indefinite-length string at byte 0'],
    ['61ff', 'not UTF-8'],
    ['a1 61ff 00', 'not UTF-8'],
    ['a1 01 02', 'CBOR decode error: non-string keys not supported (got number)'],
    ['a2 6161 01 6161 02', 'CBOR decode error: found repeat map key "a"'],
    ['c249010000000000000000', 'CBOR decode error: tag not supported (2)'],
    ['81f7', '$[0]: undefined cannot be represented in application/cbor'],
    ['f7', 'undefined cannot be represented in application/cbor'],
    ['bf 6161 ff', 'CBOR decode error: found map but not enough entries (got 1 [no key], expected Infinity)'],
  ])('rejects the CBOR payload %s: %s', (payload, reason) => {
    expect(issueOf(anything, hex(payload))).toBe(reason)
  })

  it.each([
    ['an array', '9b 7fffffffffffffff', 'the payload declares more items than it has bytes'],
    ['a map', 'ba ffffffff', 'the payload declares more items than it has bytes'],
    [
      'arrays that share their bytes',
      '84 84 84 84 00 00 00 00',
      'the payload declares more items than it has bytes',
    ],
    [
      'an array in an indefinite-length array',
      '9f 00 00 00 00 00 85 ff',
      'the payload declares more items than it has bytes',
    ],
    ['bytes', '5b 001fffffffffffff', 'the payload is truncated: 9007199254740991 bytes are missing'],
    ['a string', '7a ffffffff', 'the payload is truncated: 4294967295 bytes are missing'],
  ])('rejects the huge declared length of %s in CBOR before allocating memory', (_, payload, reason) => {
    expect(issueOf(anything, hex(payload))).toBe(reason)
  })

  it('counts CBOR tags as nesting', () => {
    expect(issueOf(anything, nestedTags(99))).toBe('it decodes')
    expect(issueOf(anything, nestedTags(101))).toBe('nested deeper than 100')
    expect(issueOf(anything, nestedTags(500_000))).toBe('nested deeper than 100')
  })

  it('rejects a __proto__ key in CBOR', () => {
    const payload = hex('81 a1 69 5f5f70726f746f5f5f a1 65 61646d696e f5')
    expect(issueOf(anything, payload)).toBe('$[0].__proto__: this key could reach a prototype and is refused')
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('rejects a lone surrogate when encoding CBOR', () => {
    expect(() => anything.encode({ a: '\ud800' })).toThrow(
      '$.a: "\\ud800" cannot be represented in application/cbor',
    )
    expect(() => anything.encode({ '\ud800': 1 })).toThrow('cannot be represented in application/cbor')
  })

  it('accepts CBOR content types', () => {
    expect(['application/cbor', 'application/senml+cbor', undefined].every(anything.accepts)).toBe(true)
    expect(['application/cbor-seq', 'application/json'].some(anything.accepts)).toBe(false)
  })
})
