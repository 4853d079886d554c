import {
  endpoint,
  json,
  text,
  type Codec,
  type StandardSchema,
  type StandardSchemaResult,
} from '@antiphon/core'
import { fromSchema } from '@antiphon/core/codec'
import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, expectTypeOf, it } from 'vitest'

type Validate<A> = (value: unknown) => StandardSchemaResult<A> | PromiseLike<StandardSchemaResult<A>>

/** Creates a schema of a library called `acme`. */
function schema<A, Input = A>(validate: Validate<A>): StandardSchema<Input, A> {
  return { '~standard': { version: 1, vendor: 'acme', validate } }
}

const utf8 = (content: string): Uint8Array => new TextEncoder().encode(content)
const toText = (payload: Uint8Array): string => new TextDecoder().decode(payload)

const issuesOf = <A, Sent>(codec: Codec<A, Sent>, content: string): readonly string[] => {
  const decoded = codec.decode(utf8(content))
  return isLeft(decoded) ? decoded.left.issues.map(({ path, message }) => `${path}: ${message}`) : []
}

const anything = schema<unknown>((value) => ({ value }))
const number = schema<number>((value) =>
  typeof value === 'number' ? { value } : { issues: [{ message: 'must be a number' }] },
)
const trimmed = schema<string>((value) => ({ value: String(value).trim() }))
const doubled = schema<number>((value) => ({ value: Number(value) * 2 }))
const withDefault = schema<{ readonly retries: number }, { readonly retries?: number }>((value) => ({
  value: { retries: 3, ...(value as object) },
}))
const numeric = schema<number, string>((value) =>
  typeof value === 'string' && /^\d+$/.test(value)
    ? { value: Number(value) }
    : { issues: [{ message: 'must be digits' }] },
)

describe('a codec of a Standard Schema', () => {
  it('decodes to the output of the schema', () => {
    expect(json(withDefault).decode(utf8('{}'))).toEqual(right({ retries: 3 }))
    expect(json(numeric, { encode: String }).decode(utf8('"7"'))).toEqual(right(7))
  })

  it('accepts a schema that is a function, as those of ArkType are', () => {
    const callable = Object.assign(() => undefined, number)
    expect(json(callable).decode(utf8('7'))).toEqual(right(7))
  })

  it.each<[string, StandardSchemaResult<never>, string[]]>([
    ['the whole value', { issues: [{ message: 'wrong' }] }, ['$: wrong']],
    ['an empty path', { issues: [{ message: 'wrong', path: [] }] }, ['$: wrong']],
    ['keys', { issues: [{ message: 'wrong', path: ['command', 'id'] }] }, ['$.command.id: wrong']],
    ['path segments', { issues: [{ message: 'wrong', path: [{ key: 'command' }] }] }, ['$.command: wrong']],
    ['an index', { issues: [{ message: 'wrong', path: ['items', 0, 'id'] }] }, ['$.items[0].id: wrong']],
    ['an index as a string', { issues: [{ message: 'wrong', path: ['items', '0'] }] }, ['$.items[0]: wrong']],
    [
      'digits as a key',
      { issues: [{ message: 'wrong', path: ['command', '0'] }] },
      ['$.command["0"]: wrong'],
    ],
    ['a symbol', { issues: [{ message: 'wrong', path: [Symbol('s')] }] }, ['$["Symbol(s)"]: wrong']],
    [
      'a path outside the value',
      { issues: [{ message: 'wrong', path: ['a', 'b', 0] }] },
      ['$.a.b["0"]: wrong'],
    ],
    [
      'equal issues',
      { issues: [{ message: 'wrong' }, { message: 'wrong' }, { message: 'also wrong' }] },
      ['$: wrong', '$: also wrong'],
    ],
    ['no issues', { issues: [] }, ['$: refused']],
  ])('returns issues with paths: %s', (_, result, issues) => {
    expect(issuesOf(json(schema(() => result)), '{"command":{},"items":[{}]}')).toEqual(issues)
  })

  it('limits the number and the length of issues', () => {
    const issues = Array.from({ length: 1_000 }, (_, index) => ({ message: `${index}${'x'.repeat(1_000)}` }))
    const found = issuesOf(json(schema(() => ({ issues }))), '1')
    expect(found).toHaveLength(16)
    expect(found.every(({ length }) => length < 130)).toBe(true)
  })

  it('returns an issue when the schema throws', () => {
    const broken = schema<number>(() => {
      throw new Error('the schema fails')
    })
    expect(issuesOf(json(broken), '1')).toEqual(['$: the schema fails'])
    expect(() => json(broken).encode(1)).toThrow('the schema fails')
  })

  it('validates values on encoding', () => {
    expect(() => json(number).encode('7' as never)).toThrow('$: must be a number')
    expect(() => json(t.type({ id: t.string })).encode({ id: 7 } as never)).toThrow(
      '$.id: expected string, found 7',
    )
  })

  it('names the whole value when an io-ts type transforms and its value is invalid', () => {
    const Hex = new t.Type<number, string>(
      'Hex',
      t.number.is,
      (value) => right(Number.parseInt(String(value), 16)),
      (value) => value.toString(16),
    )
    expect(() => json(Hex).encode('ff' as never)).toThrow('$: expected Hex, found "ff"')
    expect(toText(json(Hex).encode(255))).toBe('"ff"')
  })

  it.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['an array', [1, [true]], '[1,[true]]'],
    ['an object', { a: { b: 'c' } }, '{"a":{"b":"c"}}'],
  ])('encodes %s that the schema copies', (_, value, content) => {
    const copying = schema<unknown>((input) => ({ value: structuredClone(input) }))
    expect(toText(json(copying).encode(value))).toBe(content)
  })

  it('writes the output of a schema that normalizes', () => {
    expect(toText(json(trimmed).encode(' a '))).toBe('"a"')
    expect(toText(json(withDefault).encode({}))).toBe('{"retries":3}')
  })

  it('does not encode what the schema would transform again at the receiver', () => {
    const message = 'the acme schema transforms values: pass the option encode, which returns its input'
    expect(() => json(doubled).encode(1)).toThrow(message)
    const parsing = schema<number>((value) =>
      typeof value === 'string' ? { value: Number(value) } : { issues: [{ message: 'must be a string' }] },
    )
    expect(() => json(parsing).encode('1' as never)).toThrow(message)
    const wrapping = schema<unknown>((value) => ({ value: [value] }))
    expect(() => json(wrapping).encode({ a: 1 })).toThrow(message)
    const growing = schema<object>((value) => ({ value: { a: value } }))
    expect(() => json(growing).encode({ a: 1, b: 2 })).toThrow(message)
  })

  it('leaves values that no format represents to the format', () => {
    const copying = schema<unknown>((value) => ({ value: value instanceof Map ? new Map(value) : value }))
    expect(() => json(copying).encode(new Map())).toThrow(
      '$: a Map cannot be represented in application/json',
    )
    const toDate = schema<unknown>((value) => ({ value: new Date(value as Date) }))
    expect(() => json(toDate).encode(new Date(0))).toThrow('$: a Date cannot be represented')
    const toBytes = schema<unknown>((value) => ({ value: Uint8Array.from(value as Uint8Array) }))
    expect(() => json(toBytes).encode(Uint8Array.of(1))).toThrow('$: a Uint8Array cannot be represented')
  })

  it('writes what encode returns, if the schema accepts it', () => {
    const codec = json(numeric, { encode: (value) => String(value) })
    expectTypeOf(codec).toEqualTypeOf<Codec<number>>()
    expect(toText(codec.encode(7))).toBe('"7"')
    expect(() => codec.encode(-7)).toThrow('$: must be digits')
  })

  it('takes the type of the sent values from encode', () => {
    const codec = json(numeric, { encode: (value: string) => value })
    expectTypeOf(codec).toEqualTypeOf<Codec<number, string>>()
    expect(toText(codec.encode('7'))).toBe('"7"')
  })

  it('has the input as type of the sent values when the output is valid input', () => {
    expectTypeOf(json(withDefault)).toEqualTypeOf<
      Codec<{ readonly retries: number }, { readonly retries?: number }>
    >()
    const { types } = endpoint({ topic: 'a', request: json(withDefault), response: text })
    expectTypeOf<NonNullable<typeof types>['requestInput']>().toEqualTypeOf<{ readonly retries?: number }>()
    expectTypeOf<NonNullable<typeof types>['request']>().toEqualTypeOf<{ readonly retries: number }>()
    expect(types).toBeUndefined()
  })

  it('does not compile without encode for a schema whose output is not valid input', () => {
    // @ts-expect-error for a schema that transforms values, pass the option encode
    expect(() => json(numeric).encode('7')).toThrow('pass the option encode')
  })

  it('rejects encode for an io-ts type', () => {
    const options = { encode: String } as object
    expect(() => json(t.string, options)).toThrow(
      'options.encode is for other schemas: an io-ts type has its own',
    )
  })

  it('rejects a library that always validates asynchronously when the codec is created', () => {
    const asynchronous = schema<number>(() => Promise.reject(new Error('unhandled')))
    expect(() => json(asynchronous)).toThrow(
      'the acme schema validates asynchronously, which a codec cannot: use a synchronous schema',
    )
  })

  it('rejects values for which a schema validates asynchronously', () => {
    const sometimes = schema<number>((value) =>
      value === undefined ? { issues: [{ message: 'absent' }] } : Promise.reject(new Error('unhandled')),
    )
    expect(issuesOf(json(sometimes), '1')).toEqual([
      '$: the acme schema validates asynchronously, which a codec cannot: use a synchronous schema',
    ])
    expect(() => json(sometimes).encode(1)).toThrow('the acme schema validates asynchronously')
  })

  it.each([
    ['a number', 3, 'the schema is 3'],
    ['null', null, 'the schema is null'],
    ['a codec', text, 'the schema is an object'],
    ['a schema of another version', { '~standard': {} }, 'the schema is an object'],
  ])('rejects %s in place of a schema', (_, value, message) => {
    const create = (): unknown => json(value as never)
    expect(create).toThrow(
      `${message}: it must be an io-ts type or implement Standard Schema v1, as zod does`,
    )
  })

  it('rejects unknown options', () => {
    expect(() => json(number, { maxBytes: 1 } as object)).toThrow('options.maxBytes is not known')
    expect(() => json.unchecked({ encode: String } as object)).toThrow('options.encode is not known')
  })

  it('checks the format and its limits', () => {
    const codec = fromSchema(anything, {
      contentType: 'a/b',
      isText: false,
      accepts: () => true,
      parse: () => Infinity,
      write: () => utf8(''),
    })
    expect(issuesOf(codec, '')).toEqual(['$: Infinity cannot be represented in a/b'])
    expect(issuesOf(json(anything, { maximumBytes: 3 }), '1234')).toEqual([
      '$: 4 bytes exceed maximumBytes 3',
    ])
  })
})

describe('json.unchecked', () => {
  const reading = json.unchecked<{ readonly celsius: number }>({ maximumBytes: 50 })

  it('returns a codec of any JSON with the type that it is given', () => {
    expectTypeOf(reading).toEqualTypeOf<Codec<{ readonly celsius: number }>>()
    expect(reading.decode(utf8('{"celsius":"warm"}'))).toEqual(right({ celsius: 'warm' }))
    expect(toText(reading.encode({ celsius: 7 }))).toBe('{"celsius":7}')
  })

  it('checks the format and its limits', () => {
    expect(reading.decode(utf8('{'))).toMatchObject(left({ kind: 'payload' }))
    expect(reading.decode(utf8(' '.repeat(51)))).toMatchObject(left({ kind: 'payload' }))
    expect(() => reading.encode({ celsius: Number.NaN })).toThrow('$.celsius: NaN cannot be represented')
    expect(json.unchecked().accepts('application/json')).toBe(true)
  })
})

describe('endpoint', () => {
  const message = 'it is a schema, not a codec: pass json(schema), or a codec of another format'

  it('names json(schema) when it gets a schema in place of a codec', () => {
    // @ts-expect-error for a schema, pass json(schema)
    const withSchema = (): unknown => endpoint({ topic: 'a', request: number, response: text })
    expect(withSchema).toThrow(`contract.request: ${message}`)
    // @ts-expect-error for a schema, pass json(schema)
    const withType = (): unknown => endpoint({ topic: 'a', request: text, response: t.string })
    expect(withType).toThrow(`contract.response: ${message}`)
  })
})
