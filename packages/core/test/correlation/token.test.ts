import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatToken } from '../../src/correlation/correlation-data.js'
import { fromBytes, toBytes } from '../../src/correlation/token.js'
import { runs } from '../codec/runs.js'

describe('a token', () => {
  it('is bytes as a string of as many characters; every byte survives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
        const token = fromBytes(bytes)
        expect(token).toHaveLength(bytes.length)
        expect(toBytes(token)).toEqual(bytes)
      }),
      runs,
    )
  })

  it('may be as long as Correlation Data can be', () => {
    const bytes = Uint8Array.from({ length: 65_535 }, (_, index) => index % 256)
    expect(toBytes(fromBytes(bytes))).toEqual(bytes)
  })

  it.each([
    ['text as it is', '0b1f-x y', '0b1f-x y'],
    ['16 bytes as the UUID they are', `\x12${'\xab'.repeat(15)}`, '12ababab-abab-abab-abab-abababababab'],
    ['other bytes in hexadecimal', '\x00\xff', '00ff'],
    ['nothing as nothing', '', ''],
  ])('is shown to people: %s', (_, token, shown) => {
    expect(formatToken(token)).toBe(shown)
  })
})
