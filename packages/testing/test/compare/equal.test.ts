import { describe, expect, it } from 'vitest'
import { isEqual } from '../../src/compare/equal.js'

class Point {
  constructor(readonly x: number) {}
}
const error = (code: string, cause?: unknown): Error => Object.assign(new Error('m', { cause }), { code })
const circular = (): unknown => {
  const node: Record<string, unknown> = { name: 'ring' }
  node['self'] = node
  return node
}

describe('isEqual', () => {
  it.each([
    ['numbers', 1, 1, 2],
    ['NaN', NaN, NaN, 0],
    ['the sign of zero', -0, -0, 0],
    ['the sign of zero in an object', { a: [0] }, { a: [0] }, { a: [-0] }],
    ['texts', 'a', 'a', 'b'],
    ['null', null, null, undefined],
    ['arrays', [1, [2]], [1, [2]], [1, [3]]],
    ['arrays by length', [1], [1], [1, undefined]],
    ['objects', { a: { b: 1 } }, { a: { b: 1 } }, { a: { b: 2 } }],
    ['objects by keys', { a: 1 }, { a: 1, b: undefined }, { a: 1, b: null }],
    ['objects and arrays', {}, {}, []],
    ['null prototypes', Object.assign(Object.create(null), { a: 1 }), { a: 1 }, { a: 2 }],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
    ['bytes by length', Uint8Array.of(1), Uint8Array.of(1), Uint8Array.of(1, 2)],
    ['buffers', Buffer.from('a'), new TextEncoder().encode('a'), 'a'],
    ['dates', new Date(1), new Date(1), new Date(2)],
    ['maps', new Map([['a', [1]]]), new Map([['a', [1]]]), new Map([['a', [2]]])],
    ['sets', new Set([1]), new Set([1]), new Set([2])],
    ['instances', new Point(1), new Point(1), { x: 1 }],
    ['errors by code', error('a'), error('a'), error('b')],
    ['errors by cause', error('a', error('c')), error('a', error('c')), error('a', error('d'))],
    ['errors by kind', new TypeError('m'), new TypeError('m'), new Error('m')],
    ['circular objects', circular(), circular(), { name: 'ring', self: { name: 'ring' } }],
    ['matchers', { a: 1, b: 2 }, expect.objectContaining({ a: 1 }), expect.objectContaining({ a: 2 })],
  ])('isEqual distinguishes equal from different values: %s', (_, value, same, different) => {
    expect(isEqual(value, same)).toBe(true)
    expect(isEqual(value, different)).toBe(false)
  })
})
