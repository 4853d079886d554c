import * as fc from 'fast-check'
import { isRight } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { generateValue } from '../src/generate-value.js'
import { ioTsSchema } from '../src/io-ts-schema.js'
import type { JsonObject } from '../src/json.js'
import { seededRandom } from '../src/random.js'
import { runs, types } from './fixtures.js'

const generated = (schema: JsonObject): unknown => generateValue(schema, seededRandom(1))

describe('generateValue', () => {
  it('generates values of every io-ts type', () => {
    fc.assert(
      fc.property(types, fc.integer(), (type, seed) => {
        expect(isRight(type.decode(generateValue(ioTsSchema(type), seededRandom(seed))))).toBe(true)
      }),
      runs,
    )
  })

  it.each<[JsonObject, unknown]>([
    [{ const: 7 }, 7],
    [{ enum: ['a'] }, 'a'],
    [{ examples: [[1]] }, [1]],
    [{ default: { a: 1 } }, { a: 1 }],
    [{ type: ['null'] }, null],
    [{ properties: { a: { const: 1 } }, required: ['a'] }, { a: 1 }],
    [{ items: [{ const: 1 }, true] }, [1, null]],
    [{ type: 'number', minimum: 3, maximum: 3 }, 3],
    [{ type: 'number', exclusiveMinimum: 3, exclusiveMaximum: 4 }, 3.5],
    [{ type: 'integer', maximum: -200, minimum: -200 }, -200],
    [{ type: 'number', multipleOf: 7, minimum: 1, maximum: 13 }, 7],
    [{ type: 'array', items: { const: 1 }, minItems: 5, maxItems: 5 }, [1, 1, 1, 1, 1]],
    [{ type: 'string', format: 'uuid' }, '0b9a3c1e-5b0f-4c39-9a3e-2f8a3a2d7d11'],
    [
      {
        type: 'object',
        properties: { a: { const: 1 } },
        required: ['a'],
        oneOf: [{ properties: { b: { const: 2 } }, required: ['b'], type: 'object' }],
      },
      { a: 1, b: 2 },
    ],
    [{ allOf: [{ type: 'string' }, { const: 'a' }] }, 'a'],
    [{ type: 'object', required: ['a'] }, { a: null }],
  ])('generates a value of %j', (schema, value) => {
    const found = generated(schema)
    if ('required' in schema && !('properties' in schema)) expect(found).toHaveProperty('a')
    else expect(found).toEqual(value)
  })

  it('throws where it finds no value', () => {
    expect(() => generated({ type: 'string', pattern: '^[0-9]{9}$' })).toThrow('give it examples')
  })
})
