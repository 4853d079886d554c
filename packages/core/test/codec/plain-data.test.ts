import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findFault, type DataRule } from '../../src/codec/plain-data.js'
import { runs } from './runs.js'

const jsonRule: DataRule = {
  maximumDepth: 3,
  carries: () => false,
  carriesText: undefined,
  refusal: 'is not JSON',
}
const bytesRule: DataRule = {
  ...jsonRule,
  carries: (value) => Number.isNaN(value) || value instanceof Uint8Array || typeof value === 'bigint',
  carriesText: (text) => text !== 'refused',
}

class Point {
  readonly x = 1
}
const circle: Record<string, unknown> = {}
circle['circle'] = circle

describe('findFault', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['true', true],
    ['a string', 'a'],
    ['a number', -1.5],
    ['an empty array', []],
    ['an empty object', {}],
    ['an array of all kinds', [null, false, 'a', 0, {}, []]],
    ['an object of all kinds', { a: null, b: false, c: 'a', d: 0, e: {}, f: [] }],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['an instance of a class', new Point()],
    ['an undefined property', { a: undefined, b: 1 }],
    ['as many levels as the rule allows', [{ a: [1] }]],
    ['a property constructor without a prototype', { constructor: { a: 1 } }],
    ['a property constructor that is null', { constructor: null }],
    ['a property constructor that is text', { constructor: 'prototype' }],
  ])('accepts %s', (_, value) => {
    expect(findFault(value, jsonRule)).toBeUndefined()
  })

  it.each<[string, unknown, string, string]>([
    ['undefined', undefined, '$', 'undefined is not JSON'],
    ['NaN', Number.NaN, '$', 'NaN is not JSON'],
    ['an infinity', [1, -Infinity], '$[1]', '-Infinity is not JSON'],
    ['a bigint', { a: 1, b: 2n }, '$.b', '2n is not JSON'],
    ['undefined in an array', [1, undefined], '$[1]', 'undefined is not JSON'],
    ['a symbol', { a: [Symbol('s')] }, '$.a[0]', 'a symbol is not JSON'],
    ['a date', { at: new Date(0) }, '$.at', 'a Date is not JSON'],
    ['a map', [new Map()], '$[0]', 'a Map is not JSON'],
    ['bytes', new Uint8Array(1), '$', 'a Uint8Array is not JSON'],
    ['one array too many', [[[[]]]], '$', 'nested deeper than 3'],
    ['one object too many', { a: { b: { c: {} } } }, '$', 'nested deeper than 3'],
    ['a cycle', circle, '$', 'nested deeper than 3'],
    [
      'a key __proto__',
      JSON.parse('{"a":{"__proto__":1}}'),
      '$.a.__proto__',
      'this key could reach a prototype and is refused',
    ],
    [
      'a constructor with a prototype',
      { constructor: { prototype: 1 } },
      '$.constructor',
      'this key could reach a prototype and is refused',
    ],
  ])('refuses %s', (_, value, path, message) => {
    expect(findFault(value, jsonRule)).toEqual({ path, message })
    // JSON.parse makes no other objects than plain ones.
    if (message.includes('prototype')) expect(findFault(value, jsonRule, true)).toEqual({ path, message })
  })

  it('accepts what the rule carries beyond JSON', () => {
    const value = { a: Number.NaN, b: [new Uint8Array(1)], c: 2n }
    expect(findFault(value, bytesRule)).toBeUndefined()
    expect(findFault([Infinity], bytesRule)).toEqual({ path: '$[0]', message: 'Infinity is not JSON' })
  })

  it('refuses texts and keys that the rule does not carry', () => {
    expect(findFault('refused', bytesRule)).toEqual({ path: '$', message: '"refused" is not JSON' })
    expect(findFault({ a: ['refused'] }, bytesRule)?.path).toBe('$.a[0]')
    expect(findFault({ refused: 1 }, bytesRule)).toEqual({
      path: '$.refused',
      message: '"refused" is not JSON',
    })
    expect(findFault({ refused: 'fine' }, jsonRule)).toBeUndefined()
  })

  it('finds the same fault whether or not the rule looks at texts', () => {
    const odd = fc.constantFrom(undefined, Number.NaN, Infinity, 1n, new Date(0), new Map(), new Point())
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.oneof(fc.boolean(), fc.integer(), fc.string(), fc.constant(null), odd),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'prototype'), tie('value')),
      ),
    }))
    const looking = { ...jsonRule, carriesText: () => true }
    fc.assert(
      fc.property(value, (data) => {
        expect(findFault(data, jsonRule)).toEqual(findFault(data, looking))
      }),
      runs,
    )
  })
})
