import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatToken } from '../../src/correlation/correlation-data.js'
import { fromBytes, toBytes } from '../../src/correlation/token.js'
import { runs } from '../codec/runs.js'

describe('a token', () => {
  it('converts bytes to a string with one character per byte, and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
        const token = fromBytes(bytes)
        expect(token).toHaveLength(bytes.length)
        expect(toBytes(token)).toEqual(bytes)
      }),
      runs,
    )
  })

  it('converts 65 535 bytes, the maximum of Correlation Data', () => {
    const bytes = Uint8Array.from({ length: 65_535 }, (_, index) => index % 256)
    expect(toBytes(fromBytes(bytes))).toEqual(bytes)
  })

  it.each([
    ['text unchanged', '0b1f-x y', '0b1f-x y'],
    ['16 bytes as a UUID', `\x12${'\xab'.repeat(15)}`, '12ababab-abab-abab-abab-abababababab'],
    ['other bytes in hexadecimal', '\x00\xff', '00ff'],
    ['an empty token as an empty string', '', ''],
  ])('formats %s', (_, token, text) => {
    expect(formatToken(token)).toBe(text)
  })
})
