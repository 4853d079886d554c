import { right } from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import { bytes } from '../../src/index.js'

it('encodes and decodes all 256 byte values unchanged', () => {
  const every = Uint8Array.from({ length: 256 }, (_, value) => value)
  expect(bytes.encode(every)).toEqual(every)
  expect(bytes.decode(every)).toEqual(right(every))
  expect(bytes.isText).toBe(false)
})
