import { right } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { msgpack } from '../src/msgpack.js'
import { describeLaws, hex, join, plainData, issueOf, repeat, toHex } from './laws.js'

const anything = msgpack(t.unknown)
const nested = (depth: number) => join(repeat(depth - 1, 0x91), Uint8Array.of(0x90))
const nestedMaps = (depth: number) => join(repeat(depth - 1, 0x81, 0xa1, 0x61), Uint8Array.of(0x80))

const Reading = t.type({ celsius: t.number, tags: t.array(t.string) })
describeLaws('msgpack', msgpack(Reading), {
  arbitrary: fc.record({
    celsius: fc.double(),
    tags: fc.array(fc.string({ unit: 'binary' })),
  }),
  maximumBytes: 1_048_576,
  nesting: { maximumDepth: 100, payload: nested },
})
describeLaws('msgpack of anything', msgpack(t.unknown, { maximumBytes: 200_000, maximumDepth: 20 }), {
  arbitrary: plainData(fc.uint8Array(), fc.date({ noInvalidDate: true })),
  maximumBytes: 200_000,
  nesting: { maximumDepth: 20, payload: nestedMaps },
})

describe('msgpack', () => {
  it.each<[string, unknown]>([
    ['c0', null],
    ['c3', true],
    ['7f', 127],
    ['e0', -32],
    ['cc80', 128],
    ['d18000', -32768],
    ['cf001fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['d3ffe0000000000001', Number.MIN_SAFE_INTEGER],
    ['ca3fc00000', 1.5],
    ['cb3ff199999999999a', 1.1],
    ['a2c3bc', 'ü'],
    ['d90161', 'a'],
    ['c403010203', Uint8Array.of(1, 2, 3)],
    ['9301c2c0', [1, false, null]],
    ['82a16101a1629202 03', { a: 1, b: [2, 3] }],
    ['dc0002c0c0', [null, null]],
    ['de0001a161c0', { a: null }],
    ['d6ff00000001', new Date(1_000)],
    ['c70cff 1dcd6500 0000000000000001', new Date(1_500)],
    ['82a16101a16102', { a: 2 }],
  ])('decodes the MessagePack payload %s', (payload, value) => {
    expect(anything.decode(hex(payload))).toEqual(right(value))
  })

  it('encodes MessagePack in the shortest form without undefined properties', () => {
    expect(toHex(anything.encode({ a: [1, 'x'], b: undefined }))).toBe('81a1619201a178')
    expect(toHex(anything.encode(Date.UTC(2026, 0, 1)))).toBe('cf0000019b76daa800')
  })

  it('encodes -0 as the integer 0 in MessagePack', () => {
    expect(toHex(msgpack(t.number).encode(-0))).toBe('00')
  })

  it('reports the path of a MessagePack decode error', () => {
    expect(issueOf(msgpack(Reading), hex('81 a7 63656c73697573 a1 78'))).toBe(
      '$.celsius: expected number, found "x"',
    )
  })

  it.each([
    ['', 'the payload is truncated'],
    ['c1', 'invalid item head at byte 0'],
    ['cd00', 'the payload is truncated: 1 bytes are missing'],
    ['d9', 'the payload is truncated'],
    ['a2c3', 'the payload is truncated: 1 bytes are missing'],
    ['9201', 'the payload declares more items than it has bytes'],
    ['0000', 'the payload has 1 bytes after the end of its item'],
    ['a1ff', 'not UTF-8'],
    ['81 a1ff 00', 'not UTF-8'],
    ['81 01 02', 'a map key is a number: it must be a string'],
    ['d4 05 00', 'unsupported extension at byte 0: only timestamps are supported'],
    ['d4 ff 00', 'Unrecognized data size for timestamp (expected 4, 8, or 12): 1'],
    [
      'cf ffffffffffffffff',
      '18446744073709551615 exceeds 2^53 and would lose precision: send it as a string',
    ],
    [
      'd3 8000000000000000',
      '-9223372036854775808 exceeds 2^53 and would lose precision: send it as a string',
    ],
    ['c70cff 00000000 7fffffffffffffff', 'a Date cannot be represented in application/msgpack'],
  ])('rejects the MessagePack payload %s: %s', (payload, reason) => {
    expect(issueOf(anything, hex(payload))).toBe(reason)
  })

  it.each([
    ['an array', 'dd ffffffff', 'the payload declares more items than it has bytes'],
    [
      'arrays that share their bytes',
      'dd 00000004 dc 0004 94 94 00 00 00 00',
      'the payload declares more items than it has bytes',
    ],
    ['a map', 'df 7fffffff', 'the payload declares more items than it has bytes'],
    ['bytes', 'c6 ffffffff', 'the payload is truncated: 4294967295 bytes are missing'],
    ['a string', 'db ffffffff', 'the payload is truncated: 4294967295 bytes are missing'],
    ['an extension', 'c9 ffffffff ff', 'the payload is truncated: 4294967295 bytes are missing'],
  ])(
    'rejects the huge declared length of %s in MessagePack before allocating memory',
    (_, payload, reason) => {
      expect(issueOf(anything, hex(payload))).toBe(reason)
    },
  )

  it('rejects __proto__ and constructor keys in MessagePack', () => {
    const payload = hex('81 a9 5f5f70726f746f5f5f 81 a5 61646d696e c3')
    expect(issueOf(anything, payload)).toContain('__proto__')
    expect(() => anything.encode(JSON.parse('{"a":{"__proto__":1}}'))).toThrow(
      '$.a.__proto__: this key could reach',
    )
    expect(issueOf(anything, hex('81 ab 636f6e7374727563746f72 81 a9 70726f746f74797065 c0'))).toContain(
      '$.constructor',
    )
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('rejects lone surrogates, bigints and invalid dates when encoding MessagePack', () => {
    expect(() => anything.encode(['\ud800'])).toThrow(
      '$[0]: "\\ud800" cannot be represented in application/msgpack',
    )
    expect(() => anything.encode([1n])).toThrow('$[0]: 1n cannot be represented in application/msgpack')
    expect(() => anything.encode(new Date(Number.NaN))).toThrow(
      'a Date cannot be represented in application/msgpack',
    )
  })

  it('accepts MessagePack content types', () => {
    expect(
      ['application/msgpack', 'application/x-msgpack', 'a/b+msgpack', undefined].every(anything.accepts),
    ).toBe(true)
    expect(anything.accepts('application/cbor')).toBe(false)
  })
})
