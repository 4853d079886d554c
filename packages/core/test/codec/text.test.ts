import { isLeft, right } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes } from '../../src/codec/bytes.js'
import { text } from '../../src/codec/text.js'
import { runs } from './runs.js'

describe('text', () => {
  it('gives back every text UTF-8 can carry, of any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (value) => {
        expect(text.decode(text.encode(value))).toEqual(right(value))
      }),
      runs,
    )
  })

  it('keeps a byte order mark and NUL', () => {
    expect(text.decode(text.encode('\u{feff}a\0b'))).toEqual(right('\u{feff}a\0b'))
  })

  it('gives each value bytes of its own', () => {
    const first = text.encode('first')
    text.encode('other')
    expect(text.decode(first)).toEqual(right('first'))
    expect(first.buffer.byteLength).toBe(5)
  })

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]]])(
    'refuses %j, which is not UTF-8',
    (payload) => {
      const decoded = text.decode(Uint8Array.from(payload))
      expect(decoded).toMatchObject({
        left: { kind: 'payload', issues: [{ path: '$', message: 'not UTF-8' }] },
      })
    },
  )

  it('refuses a lone surrogate and what is no text', () => {
    expect(() => text.encode('a\ud800b')).toThrow('lone surrogate')
    expect(() => text.encode(7 as never)).toThrow('expected a string, found number')
    expect(text.encode('😀')).toHaveLength(4)
  })

  it('reads text of any kind, but in UTF-8', () => {
    expect(['text/plain', 'text/csv', undefined, 'text/plain; charset=us-ascii'].every(text.accepts)).toBe(
      true,
    )
    expect(['application/json', 'text/plain; charset=iso-8859-1'].some(text.accepts)).toBe(false)
  })
})

describe('bytes', () => {
  it('hands the payload through', () => {
    const payload = Uint8Array.of(0, 255, 128)
    expect(bytes.encode(payload)).toBe(payload)
    const decoded = bytes.decode(payload)
    expect(!isLeft(decoded) && decoded.right).toBe(payload)
    expect([undefined, 'image/png', 'nonsense'].every(bytes.accepts)).toBe(true)
  })
})
