import { formatDecodeError } from '@antiphon/core'
import { isJsonObject, objectCodec } from '@antiphon/core/codec'
import { isLeft, right } from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { bytesOf } from '../observed.js'

interface Call {
  readonly method: string
}

const call = objectCodec<Call>(
  'a call with a method',
  (object): object is Record<string, unknown> & Call => typeof object['method'] === 'string',
)

describe('objectCodec', () => {
  it('reads and writes the objects that the function recognizes, with all their fields', () => {
    const payload = bytesOf('{"method":"on","id":1}')
    expect(call.decode(payload)).toEqual(right({ method: 'on', id: 1 }))
    expect(call.encode({ method: 'on' })).toEqual(bytesOf('{"method":"on"}'))
  })

  it.each(['{"method":1}', '{}', '[]', 'null', '"on"'])('rejects %s, and says what it expected', (text) => {
    const decoded = call.decode(bytesOf(text))
    expect(isLeft(decoded) && formatDecodeError(decoded.left)).toContain('expected a call with a method')
  })
})

describe('isJsonObject', () => {
  it.each([
    [{}, true],
    [{ a: 1 }, true],
    [[], false],
    [null, false],
    ['text', false],
    [undefined, false],
  ])('%j: %s', (value, expected) => {
    expect(isJsonObject(value)).toBe(expected)
  })
})
