import { json, type Codec } from '@antiphon/core'
import { codecLaws } from '@antiphon/conformance/laws'
import { type } from 'arktype'
import fc from 'fast-check'
import * as t from 'io-ts'
import joi from 'joi'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { cbor } from '../src/cbor.js'
import { msgpack } from '../src/msgpack.js'
import { xml } from '../src/xml.js'
import { issueOf, runs } from './laws.js'

interface Unlock {
  command: { id: string; doors: ('front' | 'rear')[] }
  priority: number | null
}

const ioTs = t.type({
  command: t.type({ id: t.string, doors: t.array(t.keyof({ front: null, rear: null })) }),
  priority: t.union([t.number, t.null]),
})
const zod = z.object({
  command: z.object({ id: z.string(), doors: z.array(z.enum(['front', 'rear'])) }),
  priority: z.number().nullable(),
})
const valibot = v.object({
  command: v.object({ id: v.string(), doors: v.array(v.picklist(['front', 'rear'])) }),
  priority: v.nullable(v.number()),
})
const arkType = type({ command: { id: 'string', doors: "('front' | 'rear')[]" }, priority: 'number | null' })
// Joi's types are `any`, and it limits numbers to those without loss of precision.
const joiSchema = joi.object<Unlock>({
  command: joi
    .object({
      id: joi.string().allow('').required(),
      doors: joi.array().items(joi.valid('front', 'rear')).required(),
    })
    .required(),
  priority: joi.number().unsafe().allow(null).required(),
})

const unlocks: fc.Arbitrary<Unlock> = fc.record(
  {
    command: fc.record({
      id: fc.string(),
      doors: fc.array(fc.constantFrom('front', 'rear'), { maxLength: 3 }),
    }),
    priority: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  },
  { noNullPrototype: true },
)

const libraries: readonly (readonly [string, Codec<Unlock>])[] = [
  ['io-ts', json(ioTs)],
  ['zod', json(zod)],
  ['valibot', json(valibot)],
  ['ArkType', json(arkType)],
  ['joi', json(joiSchema)],
  ['zod in CBOR', cbor(zod)],
  ['valibot in MessagePack', msgpack(valibot)],
]

describe.each(libraries)('a codec of %s', (_, codec) => {
  for (const law of codecLaws(codec, { ...runs, arbitrary: unlocks })) it(law.name, law.check)
})

describe('a codec of zod in XML', () => {
  const reading = z.object({ '@unit': z.string(), celsius: z.string() })
  const readings = fc.record({ '@unit': fc.string(), celsius: fc.string() }, { noNullPrototype: true })
  const codec = xml(reading, { root: 'reading' })
  for (const law of codecLaws(codec, { ...runs, arbitrary: readings })) it(law.name, law.check)
})

describe('a codec of a zod schema that transforms values', () => {
  const date = z.codec(z.iso.datetime(), z.date(), {
    decode: (text) => new Date(text),
    encode: (value) => value.toISOString(),
  })
  const codec: Codec<Date> = json(date, { encode: (value) => z.encode(date, value) })
  const dates = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  for (const law of codecLaws(codec, { ...runs, arbitrary: dates })) it(law.name, law.check)
})

describe('the path of a fault', () => {
  const id = { command: { id: 7, doors: [] }, priority: null }
  const door = { command: { id: 'a', doors: ['front', 'middle'] }, priority: null }
  const encodings = new Map([
    ['application/json', json.unchecked()],
    ['application/cbor', cbor.unchecked()],
    ['application/msgpack', msgpack.unchecked()],
  ])

  it.each(libraries)('is exact with %s', (_, codec) => {
    const pathOf = (value: unknown): string | undefined => {
      const payload = encodings.get(codec.contentType)?.encode(value)
      return payload && issueOf(codec, payload).split(': ')[0]
    }
    expect(pathOf(id)).toBe('$.command.id')
    expect(pathOf(door)).toBe('$.command.doors[1]')
    expect(pathOf({ command: { doors: [] }, priority: 1 })).toBe('$.command.id')
  })
})

describe('the types of a codec', () => {
  it('are the input of the schema for the sender and its output for the receiver', () => {
    const withDefault = z.object({ retries: z.number().default(3) })
    expectTypeOf(json(withDefault)).toEqualTypeOf<
      Codec<{ retries: number }, { retries?: number | undefined }>
    >()
    const branded = v.pipe(v.string(), v.brand('Id'))
    expectTypeOf(json(branded)).toEqualTypeOf<Codec<v.InferOutput<typeof branded>, string>>()
    expectTypeOf(json(type('string'))).toEqualTypeOf<Codec<string>>()
    expectTypeOf(json(t.string)).toEqualTypeOf<Codec<string>>()
  })

  it('need encode for a schema that transforms values', () => {
    const numeric = z.string().transform(Number)
    // @ts-expect-error for a schema that transforms values, pass the option encode
    expect(() => json(numeric).encode('7')).toThrow('the zod schema transforms values')
    expectTypeOf(json(numeric, { encode: (value) => String(value) })).toEqualTypeOf<Codec<number>>()
    expectTypeOf(json(numeric, { encode: (value: string) => value })).toEqualTypeOf<Codec<number, string>>()
  })
})

describe('an asynchronous schema', () => {
  it('of zod is refused by name with the first value', () => {
    const codec = json(z.string().refine(() => Promise.resolve(true)))
    const issue = issueOf(codec, new TextEncoder().encode('"a"'))
    expect(issue).toContain('the zod schema validates asynchronously')
  })

  it('of valibot is refused by name when the codec is created', () => {
    const schema = v.pipeAsync(
      v.string(),
      v.checkAsync(() => Promise.resolve(true)),
    )
    expect(() => json(schema)).toThrow('the valibot schema validates asynchronously')
  })
})
