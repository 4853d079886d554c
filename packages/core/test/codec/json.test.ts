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
  it('gives back every JSON value, but for the keys it refuses', () => {
    const values = fc.jsonValue({ noUnicodeString: false })
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!JSON.stringify(value).includes('__proto__'))
        expect(anything.decode(anything.encode(value))).toEqual(right(JSON.parse(JSON.stringify(value))))
      }),
      runs,
    )
  })

  it('writes what the type encodes', () => {
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

  it('tells the exact place', () => {
    const codec = json(t.type({ command: t.type({ id: t.string }) }))
    expect(refusalOf(codec, '{"command":{"id":7}}')).toBe(
      'application/json: $.command.id: expected string, found 7',
    )
  })

  it.each(['', '{', '{"a":}', 'undefined', '[1,]', '"\n"', 'NaN'])(
    'refuses %j, which is not JSON',
    (content) => {
      expect(refusal(content)).toMatch(/^application\/json: .*(JSON|Unexpected)/)
    },
  )

  it('refuses bytes that are not UTF-8, and a byte order mark', () => {
    expect(anything.decode(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({
      left: { kind: 'payload', issues: [{ path: '$', message: 'not UTF-8' }] },
    })
    expect(refusal('\u{feff}1')).toContain('byte order mark')
  })

  it('lets the last of duplicate keys win', () => {
    expect(anything.decode(utf8('{"a":1,"a":2}'))).toEqual(right({ a: 2 }))
  })

  it('measures the length before it reads', () => {
    const codec = json(t.unknown, { maximumBytes: 4 })
    expect(codec.decode(utf8('1234'))).toEqual(right(1234))
    expect(refusalOf(codec, '12345')).toBe('application/json: 5 bytes, more than the 4 of the bound')
    expect(refusalOf(codec, '{{{{{')).toContain('more than the 4')
    expect(() => codec.encode('abc')).toThrow('5 bytes, more than the 4 of the bound')
  })

  it('measures the nesting before it parses', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
    const codec = json(t.unknown, { maximumDepth: 3 })
    expect(isRight(codec.decode(utf8(nested(3))))).toBe(true)
    expect(isRight(codec.decode(utf8('[{"a":"[[[[{{{{"},["\\"[[[[",[1]],[[]],{}]')))).toBe(true)
    expect(refusalOf(codec, nested(4))).toBe('application/json: nested deeper than 3')
    // Not JSON at all, and refused for its depth: nothing was parsed.
    expect(refusalOf(codec, '[[[[nonsense')).toBe('application/json: nested deeper than 3')
    expect(refusalOf(codec, '[ [ {"\\\\":[')).toBe('application/json: nested deeper than 3')
    expect(isRight(anything.decode(utf8(nested(100))))).toBe(true)
    expect(refusal(nested(500_000))).toBe('application/json: nested deeper than 100')
  })

  it.each([
    ['{"a":[{"__proto__":{"isAdmin":true}}]}', '$.a[0].__proto__'],
    ['{"\\u005f_proto__":1}', '$.__proto__'],
    ['{"x":{"constructor":{"prototype":{}}}}', '$.x.constructor'],
  ])('refuses %s, which could reach a prototype', (content, path) => {
    expect(refusal(content)).toBe(
      `application/json: ${path}: this key could reach a prototype and is refused`,
    )
    expect(() => anything.encode(JSON.parse(content))).toThrow(`${path}: this key could reach a prototype`)
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  it('reads a key named constructor or prototype that reaches nothing', () => {
    const value = { constructor: 'Bosch', prototype: { version: 2 } }
    expect(anything.decode(anything.encode(value))).toEqual(right(value))
  })

  it('keeps a hostile key out of what a record type builds', () => {
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
    [{ a: [Number.NaN] }, '$.a[0]: NaN is not what application/json can carry'],
    [Number.POSITIVE_INFINITY, '$: Infinity is not what'],
    [[1n], '$[0]: 1n is not what'],
    [undefined, '$: undefined has no bytes'],
    [[undefined], '$[0]: undefined is not what'],
    [{ f: () => 1 }, '$.f: a function is not what'],
    [{ s: Symbol('s') }, '$.s: a symbol is not what'],
    [{ m: new Map() }, '$.m: a Map is not what'],
    [{ d: new Date(0) }, '$.d: a Date is not what'],
    [{ b: Uint8Array.of(1) }, '$.b: a Uint8Array is not what'],
  ])('does not write %o', (value, message) => {
    expect(() => anything.encode(value)).toThrow(message)
  })

  it('does not write a cycle', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(() => anything.encode(cycle)).toThrow('nested deeper than 100')
  })

  it('takes an undefined property for an absent one, and an instance for its properties', () => {
    class Reading {
      constructor(
        readonly value: number,
        readonly unit?: string,
      ) {}
    }
    expect(new TextDecoder().decode(anything.encode(new Reading(1)))).toBe('{"value":1}')
  })

  it('does not read a number too large to be written again', () => {
    expect(refusal('{"n":1e999}')).toBe(
      'application/json: $.n: Infinity is not what application/json can carry',
    )
  })

  it('survives a type that throws', () => {
    const Broken = new t.Type<number>('Broken', t.number.is, () => fail('no such luck'), fail)
    const codec = json(Broken)
    expect(codec.decode(utf8('1'))).toMatchObject({
      left: { issues: [{ path: '$', message: 'no such luck' }] },
    })
  })

  it('writes and reads a content type of its own, and still reads JSON', () => {
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
  ])('refuses the options %j', (options, message) => {
    expect(() => json(t.unknown, options)).toThrow(message)
  })
})

function fail(message: unknown): never {
  throw new Error(String(message))
}
