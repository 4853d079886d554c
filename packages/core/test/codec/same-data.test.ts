import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSameData } from '../../src/codec/same-data.js'
import { runs } from './runs.js'

describe('isSameData', () => {
  it('finds a copy the same', () => {
    const values = fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withNullPrototype: true,
    })
    fc.assert(
      fc.property(values, (value) => {
        expect(isSameData(value, structuredClone(value))).toBe(true)
      }),
      runs,
    )
  })

  it.each<[string, unknown, unknown]>([
    ['numbers', 1, 2],
    ['0 and -0', 0, -0],
    ['text and a number', '1', 1],
    ['null and an object', null, {}],
    ['null and an array', [], null],
    ['undefined and null', undefined, null],
    ['a date and its text', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['dates', new Date(0), new Date(1)],
    ['a date and a map', new Date(0), new Map()],
    ['a map and a set', new Map(), new Set()],
    ['an array and one that is longer', [1], [1, 2]],
    ['an array and one that is shorter', [1, 2], [1]],
    ['arrays with an item that differs', [1, [2]], [1, [3]]],
    ['an array and an object with its keys', ['a'], { 0: 'a', length: 1 }],
    ['an object and an array with its items', { 0: 'a' }, ['a']],
    ['bytes and an array', Uint8Array.of(1), [1]],
    ['an array and bytes', [1], Uint8Array.of(1)],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
    ['bytes and a date', Uint8Array.of(1), new Date(1)],
    ['an object and one with a further key', { a: 1 }, { a: 1, b: 2 }],
    ['an object and one that lacks a key', { a: 1, b: 2 }, { a: 1 }],
    ['objects of other keys', { a: undefined }, { b: undefined }],
    ['objects with one property that differs', { a: 1, b: { c: 2 } }, { a: 1, b: { c: 3 } }],
    ['a key and an inherited property', { toString: 1 }, { a: 1 }],
    ['an object and a map', {}, new Map()],
  ])('finds a difference between %s', (_, one, other) => {
    expect([isSameData(one, other), isSameData(other, one)]).toEqual([false, false])
  })

  it('compares only the kind of objects that no format can represent', () => {
    expect(isSameData(new Map([[1, 2]]), new Map([[3, 4]]))).toBe(true)
  })
})
