import { isRight, right } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import type { Codec } from '../../src/codec/codec.js'
import { json } from '../../src/codec/json.js'
import { formatDecodeError } from '../../src/codec/format-decode-error.js'
import { runs } from './runs.js'

const utf8 = (content: string) => new TextEncoder().encode(content)
const anything = json(t.unknown)

const refusal = (content: string): string => refusalOf(anything, content)

function refusalOf<A>(codec: Codec<A>, content: string): string {
  const decoded = codec.decode(utf8(content))
  return isRight(decoded) ? 'decoded' : formatDecodeError(decoded.left)
}

describe('json', () => {
  it('decodes every JSON value that it encoded, except forbidden keys', () => {
    const values = fc.jsonValue({ noUnicodeString: false })
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!JSON.stringify(value).includes('__proto__'))
        expect(anything.decode(anything.encode(value))).toEqual(right(JSON.parse(JSON.stringify(value))))
      }),
      runs,
    )
  })

  it('encodes with the encoder of the type', () => {
    const Instant = new t.Type<Date, string>(
      'Instant',
      (u): u is Date => u instanceof Date,
      (u, c) => (typeof u === 'string' ? t.success(new Date(u)) : t.failure(u, c)),
      (date) => date.toISOString(),
    )
    const codec = json(t.type({ at: Instant }))
    const at = new Date(1_700_000_000_000)
    expect(new TextDecoder().decode(codec.encode({ at }))).toBe('{"at":"2023-11-14T22:13:20.000Z"}')
    expect(codec.decode(codec.encode({ at }))).toEqual(right({ at }))
  })

  it('names the exact path of a fault', () => {
    const codec = json(t.type({ command: t.type({ id: t.string }) }))
    expect(refusalOf(codec, '{"command":{"id":7}}')).toBe(
      'application/json: $.command.id: expected string, found 7',
    )
  })

  it.each(['', '{', '{"a":}', 'undefined', '[1,]', '"\n"', 'NaN'])(
    'rejects %j, which is not JSON',
    (content) => {
      expect(refusal(content)).toMatch(/^application\/json: .*(JSON|Unexpected)/)
    },
  )

  it('rejects invalid UTF-8 and a byte order mark', () => {
    expect(anything.decode(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({
      left: { kind: 'payload', issues: [{ path: '$', message: 'not UTF-8' }] },
    })
    expect(refusal('\u{feff}1')).toContain('byte order mark')
  })

  it('writes -0 as 0, as parsers of integers reject -0', () => {
    expect(new TextDecoder().decode(json(t.unknown).encode({ a: [-0] }))).toBe('{"a":[0]}')
  })

  it('keeps the last of duplicate keys', () => {
    expect(anything.decode(utf8('{"a":1,"a":2}'))).toEqual(right({ a: 2 }))
  })

  it('checks the length before it reads the payload', () => {
    const codec = json(t.unknown, { maximumBytes: 4 })
    expect(codec.decode(utf8('1234'))).toEqual(right(1234))
    expect(refusalOf(codec, '12345')).toBe('application/json: 5 bytes exceed maximumBytes 4')
    expect(refusalOf(codec, '{{{{{')).toContain('exceed maximumBytes 4')
    expect(() => codec.encode('abc')).toThrow('5 bytes exceed maximumBytes 4')
  })

  it('checks the nesting before it parses the payload', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    const codec = json(t.unknown, { maximumDepth: 3 })
    expect(isRight(codec.decode(utf8(nested(3))))).toBe(true)
    expect(isRight(codec.decode(utf8('[{"a":"[[[[{{{{"},["\\"[[[[",[1]],[[]],{}]')))).toBe(true)
    expect(refusalOf(codec, nested(4))).toBe('application/json: nested deeper than 3')
    // The payload is not JSON, but the error is about its depth: it was not parsed.
    expect(refusalOf(codec, '[[[[nonsense')).toBe('application/json: nested deeper than 3')
    expect(refusalOf(codec, '[ [ {"\\\\":[')).toBe('application/json: nested deeper than 3')
    expect(isRight(anything.decode(utf8(nested(100))))).toBe(true)
    expect(refusal(nested(500_000))).toBe('application/json: nested deeper than 100')
  })

  it('counts the nesting of a large payload without the brackets in its strings and those that are closed', () => {
    const large = (content: string) => utf8(content.padEnd(70_000))
    const codec = json(t.unknown, { maximumDepth: 3 })
    for (const content of [
      '[[[]]]',
      '[{"a":[]},{"b":{}}]',
      '"[[[[{{{{"',
      '["\\"[[[[",{"]]":["}"]}]',
      '["\\\\",[[]]]',
    ])
      expect([content, isRight(codec.decode(large(content)))]).toEqual([content, true])
    for (const content of ['[[[[', '[{"a":[{}]}]', '[[[]],[[[1]]]]', '["\\\\",[[[]]]]', '["]]]",[[[]]]]'])
      expect(codec.decode(large(content))).toMatchObject({
        left: { issues: [{ path: '$', message: 'nested deeper than 3' }] },
      })
  })

  it.each([
    ['{"a":[{"__proto__":{"isAdmin":true}}]}', '$.a[0].__proto__'],
    ['{"\\u005f_proto__":1}', '$.__proto__'],
    ['{"x":{"constructor":{"prototype":{}}}}', '$.x.constructor'],
  ])('rejects %s, which could reach a prototype', (content, path) => {
    expect(refusal(content)).toBe(
      `application/json: ${path}: this key could reach a prototype and is refused`,
    )
    expect(() => anything.encode(JSON.parse(content))).toThrow(`${path}: this key could reach a prototype`)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  it('accepts keys named constructor or prototype that cannot reach a prototype', () => {
    const value = { constructor: 'Bosch', prototype: { version: 2 } }
    expect(anything.decode(anything.encode(value))).toEqual(right(value))
  })

  it('rejects a hostile key before a record type copies it', () => {
    const Wrapped = new t.Type<object, unknown>(
      'Wrapped',
      t.UnknownRecord.is,
      (u) => t.success({ u }),
      String,
    )
    const codec = json(t.record(t.string, Wrapped))
    expect(refusalOf(codec, '{"__proto__":{"isAdmin":true}}')).toContain('$.__proto__: this key')
  })

  it.each([
    [{ a: [Number.NaN] }, '$.a[0]: NaN cannot be represented in application/json'],
    [Number.POSITIVE_INFINITY, '$: Infinity cannot be represented in'],
    [[1n], '$[0]: 1n cannot be represented in'],
    [undefined, '$: undefined cannot be encoded'],
    [[undefined], '$[0]: undefined cannot be represented in'],
    [{ f: () => 1 }, '$.f: a function cannot be represented in'],
    [{ s: Symbol('s') }, '$.s: a symbol cannot be represented in'],
    [{ m: new Map() }, '$.m: a Map cannot be represented in'],
    [{ d: new Date(0) }, '$.d: a Date cannot be represented in'],
    [{ b: Uint8Array.of(1) }, '$.b: a Uint8Array cannot be represented in'],
  ])('rejects the value %o on encoding', (value, message) => {
    expect(() => anything.encode(value)).toThrow(message)
  })

  it('rejects a cycle on encoding', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(() => anything.encode(cycle)).toThrow('nested deeper than 100')
  })

  it('omits undefined properties and encodes instances by their properties', () => {
    class Reading {
      constructor(
        readonly value: number,
        readonly unit?: string,
      ) {}
    }
    expect(new TextDecoder().decode(anything.encode(new Reading(1)))).toBe('{"value":1}')
  })

  it('rejects a number that decodes to Infinity', () => {
    expect(refusal('{"n":1e999}')).toBe(
      'application/json: $.n: Infinity cannot be represented in application/json',
    )
  })

  it('returns a Left when the type throws', () => {
    const Broken = new t.Type<number>('Broken', t.number.is, () => fail('the codec fails'), fail)
    const codec = json(Broken)
    expect(codec.decode(utf8('1'))).toMatchObject({
      left: { issues: [{ path: '$', message: 'the codec fails' }] },
    })
  })

  it('writes and reads a custom content type, and still reads JSON', () => {
    const codec = json(t.string, { contentType: 'application/vnd.acme.car' })
    expect(codec.contentType).toBe('application/vnd.acme.car')
    expect(
      ['application/vnd.ACME.car; v=1', 'application/json', 'a/b+json', undefined].every(codec.accepts),
    ).toBe(true)
    expect(codec.accepts('application/vnd.acme')).toBe(false)
  })

  it.each([
    [{ maximumBytes: 0 }, 'maximumBytes is 0'],
    [{ maximumBytes: Number.NaN }, 'maximumBytes is NaN'],
    [{ maximumDepth: 1.5 }, 'maximumDepth is 1.5'],
    [{ contentType: '' }, 'contentType is ""'],
    [{ contentType: 'json' }, 'contentType is "json"'],
    [{ contentType: 'text/json; charset=latin1' }, 'contentType is "text/json; charset=latin1"'],
  ])('rejects the codec options %j', (options, message) => {
    expect(() => json(t.unknown, options)).toThrow(message)
  })
})

function fail(message: unknown): never {
  throw new Error(String(message))
}
