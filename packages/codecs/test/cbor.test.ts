import { right } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { cbor, integer64 } from '../src/cbor.js'
import { describeLaws, hex, join, plainData, refusalOf, repeat, toHex } from './laws.js'

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
  ])('reads %s as the norm does', (payload, value) => {
    expect(anything.decode(hex(payload))).toEqual(right(value))
  })

  it('writes the deterministic form, whatever the order of the keys', () => {
    expect(toHex(anything.encode({ bb: 1, a: undefined, c: 1.5 }))).toBe('a26163f93e0062626201')
    expect(anything.encode({ b: 1, a: 2 })).toEqual(anything.encode({ a: 2, b: 1 }))
  })

  it('reads a small integer for a bigint', () => {
    const codec = cbor(integer64)
    expect(codec.decode(hex('07'))).toEqual(right(7n))
    expect(toHex(codec.encode(7n))).toBe('07')
    expect(refusalOf(codec, hex('f93e00'))).toBe('expected integer64, found 1.5')
    expect(() => anything.encode(2n ** 64n)).toThrow(
      '18446744073709551616n is not what application/cbor can carry',
    )
  })

  it('tells the exact place', () => {
    expect(refusalOf(cbor(Reading), hex('a1 67 63656c73697573 61 78'))).toBe(
      '$.celsius: expected number, found "x"',
    )
  })

  it.each([
    ['', 'cut short'],
    ['18', 'cut short'],
    ['1b00000000000000', 'cut short'],
    ['62c3', 'cut short: 1 bytes are missing'],
    ['8201', 'it declares more items than it has bytes'],
    ['9f01', 'cut short'],
    ['0000', '1 bytes follow after its end'],
    ['ff', 'nothing ends at byte 0'],
    ['81ff', 'nothing ends at byte 1'],
    ['9f81ffff', 'nothing ends at byte 2'],
    ['1c', 'no item can begin as byte 0 does'],
    ['7f6161ff', 'texts and bytes in pieces are not read (byte 0)'],
    ['61ff', 'not UTF-8'],
    ['a1 61ff 00', 'not UTF-8'],
    ['a1 01 02', 'CBOR decode error: non-string keys not supported (got number)'],
    ['a2 6161 01 6161 02', 'CBOR decode error: found repeat map key "a"'],
    ['c249010000000000000000', 'CBOR decode error: tag not supported (2)'],
    ['81f7', '$[0]: undefined is not what application/cbor can carry'],
    ['f7', 'undefined is not what application/cbor can carry'],
    ['bf 6161 ff', 'CBOR decode error: found map but not enough entries (got 1 [no key], expected Infinity)'],
  ])('refuses %s: %s', (payload, reason) => {
    expect(refusalOf(anything, hex(payload))).toBe(reason)
  })

  it.each([
    ['an array', '9b 7fffffffffffffff', 'it declares more items than it has bytes'],
    ['a map', 'ba ffffffff', 'it declares more items than it has bytes'],
    ['arrays that share their bytes', '84 84 84 84 00 00 00 00', 'it declares more items than it has bytes'],
    [
      'an array behind the items of one without a length',
      '9f 00 00 00 00 00 85 ff',
      'it declares more items than it has bytes',
    ],
    ['bytes', '5b 001fffffffffffff', 'cut short: 9007199254740991 bytes are missing'],
    ['a text', '7a ffffffff', 'cut short: 4294967295 bytes are missing'],
  ])('refuses the huge declared length of %s before anything is allocated', (_, payload, reason) => {
    expect(refusalOf(anything, hex(payload))).toBe(reason)
  })

  it('counts tags as nesting', () => {
    expect(refusalOf(anything, nestedTags(99))).toBe('it decodes')
    expect(refusalOf(anything, nestedTags(101))).toBe('nested deeper than 100')
    expect(refusalOf(anything, nestedTags(500_000))).toBe('nested deeper than 100')
  })

  it('lets no key reach a prototype', () => {
    const hostile = hex('81 a1 69 5f5f70726f746f5f5f a1 65 61646d696e f5')
    expect(refusalOf(anything, hostile)).toBe(
      '$[0].__proto__: this key could reach a prototype and is refused',
    )
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('writes no lone surrogate', () => {
    expect(() => anything.encode({ a: '\ud800' })).toThrow(
      '$.a: "\\ud800" is not what application/cbor can carry',
    )
    expect(() => anything.encode({ '\ud800': 1 })).toThrow('is not what application/cbor can carry')
  })

  it('reads its content type', () => {
    expect(['application/cbor', 'application/senml+cbor', undefined].every(anything.accepts)).toBe(true)
    expect(['application/cbor-seq', 'application/json'].some(anything.accepts)).toBe(false)
  })
})
