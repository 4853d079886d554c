import { completeValue } from '@antiphon/asyncapi'
import { bytes, json, text, type Codec } from '@antiphon/core'
import * as t from 'io-ts'
import * as z from 'zod'
import { describe, expect, it } from 'vitest'

const schema = z.object({
  door: z.enum(['front', 'rear']),
  force: z.boolean().default(false),
  by: z.object({ name: z.string().min(1), age: z.int().optional() }),
  note: z.string().optional(),
})
const codec = json(schema) as Codec<unknown>

describe('completeValue', () => {
  it('adds the required properties that a value lacks, at any depth', () => {
    const value = completeValue(codec, { door: 'front', by: {} }) as z.infer<typeof schema>
    expect(value).toMatchObject({ door: 'front', by: { name: expect.any(String) as string } })
    expect(schema.safeParse(value).success).toBe(true)
    expect(value).not.toHaveProperty('note')
  })

  it('generates the whole value without a value, but for the properties to leave out', () => {
    const value = completeValue(codec, undefined, { except: ['door'], seed: 3 })
    expect(value).not.toHaveProperty('door')
    expect(value).toHaveProperty('by')
    expect(completeValue(codec, { by: { name: 'a' } }, { except: ['door'] })).not.toHaveProperty('door')
  })

  it('returns equal values for equal seeds', () => {
    expect(completeValue(codec, undefined, { seed: 5 })).toEqual(completeValue(codec, undefined, { seed: 5 }))
  })

  it('follows the parts of an intersection', () => {
    const both = json(t.intersection([t.type({ a: t.string }), t.type({ b: t.number })])) as Codec<unknown>
    expect(completeValue(both, { a: 'x' })).toMatchObject({ a: 'x', b: expect.any(Number) as number })
  })

  it('leaves values alone that are no objects, or have no schema', () => {
    expect(completeValue(codec, [1])).toEqual([1])
    expect(completeValue(json.unchecked(), { a: 1 })).toEqual({ a: 1 })
    expect(completeValue(bytes as Codec<unknown>, 'x')).toBe('x')
    expect(completeValue(text as Codec<unknown>, 'x')).toBe('x')
  })

  it.each([{ seed: 0.5 }, { except: 'a' }, { sed: 1 }])('refuses the options %j', (options) => {
    expect(() => completeValue(codec, {}, options as never)).toThrow('options')
  })
})
