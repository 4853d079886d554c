import { describe, expect, it } from 'vitest'
import { textFields } from '../src/text-fields.js'

const { validate } = textFields<{ command: string; id: string }>({ command: 'unlock', id: undefined })[
  '~standard'
]

describe('the schema of an object with text fields', () => {
  it('accepts the object itself, with further fields', () => {
    const value = { command: 'unlock', id: '', more: 5 }
    expect(validate(value)).toEqual({ value })
  })

  it.each([
    ['no object', 5, ['expected an object']],
    ['null', null, ['expected an object']],
    ['a missing field', { command: 'unlock' }, ['expected a string']],
    ['another value', { command: 'lock', id: 5 }, ['expected "unlock"', 'expected a string']],
  ])('rejects %s', (_, value, messages) => {
    expect(validate(value)).toMatchObject({ issues: messages.map((message) => ({ message })) })
  })

  it('returns its JSON Schema for contracts', () => {
    const { jsonSchema } = textFields<{ command: string }>({ command: 'unlock' }, ['result'])['~standard']
    expect(jsonSchema.input()).toEqual({
      type: 'object',
      properties: { command: { const: 'unlock' }, result: {} },
      required: ['command'],
    })
    expect(jsonSchema.output()).toEqual(jsonSchema.input())
  })
})
