import { AntiphonError } from '@antiphon/core'
import { expect, it } from 'vitest'
import { formatValue } from '../../playground/format-value.js'

class Room {
  readonly name = 'attic'
}

it.each([
  ['text', 'text'],
  [1, '1'],
  [2n, '2n'],
  [undefined, 'undefined'],
  [null, 'null'],
  [['a', "it's", 1], "[ 'a', 'it\\'s', 1 ]"],
  [[], '[]'],
  [{}, '{}'],
  [{ a: 1, b: { c: [true] } }, '{ a: 1, b: { c: [ true ] } }'],
  [new Room(), "Room { name: 'attic' }"],
  [Object.create(null) as unknown, '{}'],
  [new Map([['a', 1]]), "Map(1) { 'a' => 1 }"],
  [new Set([1]), 'Set(1) [ 1 ]'],
  [Uint8Array.of(1, 2), 'Uint8Array(2) [ 1, 2 ]'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
  [Math.max, '[Function: max]'],
  [() => 1, '[Function: (anonymous)]'],
  [[[[[[1]]]]], '[ [ [ [ […] ] ] ] ]'],
  [new TypeError('no'), 'TypeError: no'],
  [new AntiphonError('timeout', 'late'), '[timeout] late'],
])('formats %o as Node prints it', (value, expected) => {
  expect(formatValue(value)).toBe(expected)
})
