import { isLeft, right } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes } from '../../src/codec/bytes.js'
import { text } from '../../src/codec/text.js'
import { runs } from './runs.js'

describe('text', () => {
  it('decodes every text that it encoded, of any length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (value) => {
        expect(text.decode(text.encode(value))).toEqual(right(value))
      }),
      runs,
    )
  })

  it('preserves a byte order mark and NUL in text', () => {
    expect(text.decode(text.encode('\u{feff}a\0b'))).toEqual(right('\u{feff}a\0b'))
  })

  it('returns a new buffer for each text', () => {
    const first = text.encode('first')
    text.encode('other')
    expect(text.decode(first)).toEqual(right('first'))
    expect(first.buffer.byteLength).toBe(5)
  })

  it.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]]])(
    'rejects %j, which is not UTF-8',
    (payload) => {
      const decoded = text.decode(Uint8Array.from(payload))
      expect(decoded).toMatchObject({
        left: { kind: 'payload', issues: [{ path: '$', message: 'not UTF-8' }] },
      })
    },
  )

  it('rejects a lone surrogate and values that are not strings', () => {
    expect(() => text.encode('a\ud800b')).toThrow('lone surrogate')
    expect(() => text.encode(7 as never)).toThrow('expected a string, found number')
    expect(text.encode('😀')).toHaveLength(4)
  })

  it('accepts any text/* content type, but only in UTF-8', () => {
    expect(['text/plain', 'text/csv', undefined, 'text/plain; charset=us-ascii'].every(text.accepts)).toBe(
      true,
    )
    expect(['application/json', 'text/plain; charset=iso-8859-1'].some(text.accepts)).toBe(false)
  })
})

describe('bytes', () => {
  it('returns the payload unchanged', () => {
    const payload = Uint8Array.of(0, 255, 128)
    expect(bytes.encode(payload)).toBe(payload)
    const decoded = bytes.decode(payload)
    expect(!isLeft(decoded) && decoded.right).toBe(payload)
    expect([undefined, 'image/png', 'nonsense'].every(bytes.accepts)).toBe(true)
  })
})
