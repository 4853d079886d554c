import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StringInterner } from '../src/string-interner.js'
import { isUtf8String, utf8Size, writeUtf8 } from '../src/utf8.js'
import { runs } from './arbitraries.js'
import { hex } from './reference.js'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The rule of the norm, by the platform's decoder. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

// The bytes at which UTF-8's rules change.
const edges = [0x00, 0x01, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1]
const sequences = fc.uint8Array({ maxLength: 12 }).chain((any) =>
  fc.tuple(
    fc.constant(any),
    fc.array(fc.constantFrom(...edges, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff), {
      maxLength: 8,
    }),
  ),
)

describe('isUtf8String', () => {
  it('agrees with the decoder of the platform on any bytes', () => {
    fc.assert(
      fc.property(sequences, ([any, edge]) => {
        for (const bytes of [any, Uint8Array.from(edge), Uint8Array.from([...any, ...edge])])
          expect(isUtf8String(bytes, 0, bytes.length)).toBe(decoded(bytes) !== undefined)
      }),
      runs(2_000),
    )
  })

  it('agrees with the decoder of the platform on all sequences of two bytes', () => {
    for (let first = 0; first < 256; first += 1)
      for (let second = 0; second < 256; second += 1) {
        const bytes = Uint8Array.of(first, second)
        if (isUtf8String(bytes, 0, 2) !== (decoded(bytes) !== undefined)) expect.fail(`${first}, ${second}`)
      }
  })

  it.each([
    ['U+0000 [MQTT-1.5.4-2]', '6100'],
    ['a surrogate, U+D800 [MQTT-1.5.4-1]', 'eda080'],
    ['a surrogate, U+DFFF [MQTT-1.5.4-1]', 'edbfbf'],
    ['an overlong NUL', 'c080'],
    ['an overlong form of three bytes', 'e09fbf'],
    ['an overlong form of four bytes', 'f08fbfbf'],
    ['a code point above U+10FFFF', 'f4908080'],
    ['a sequence without its end', '61e282'],
  ])('rejects %s', (_, digits) => {
    expect(isUtf8String(hex(digits), 0, digits.length / 2)).toBe(false)
  })

  it.each(['7f', 'c280', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'efbfbf', 'f0908080', 'f48fbfbf', 'efbbbf'])(
    'accepts %s, at the bounds of a form or a byte order mark [MQTT-1.5.4-3]',
    (digits) => {
      expect(isUtf8String(hex(digits), 0, digits.length / 2)).toBe(true)
    },
  )

  it('does not read past the end of its range', () => {
    expect(isUtf8String(hex('61c3a4'), 0, 2)).toBe(false)
    expect(isUtf8String(hex('00610000'), 1, 2)).toBe(true)
  })
})

describe('utf8Size and writeUtf8', () => {
  it('agree with the encoder of the platform', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const expected = new TextEncoder().encode(text)
        const bytes = new Uint8Array(expected.length + 2)
        expect(utf8Size(text)).toBe(expected.length)
        expect(writeUtf8(bytes, 1, text)).toBe(1 + expected.length)
        expect(bytes.subarray(1, -1)).toEqual(expected)
      }),
      runs(500),
    )
  })
})

describe('StringInterner', () => {
  it('decodes what the platform decodes, also strings that it has decoded before', () => {
    const interner = new StringInterner()
    const byte = fc.constantFrom(0x61, 0x62, 0x00, 0xc3, 0xa4)
    fc.assert(
      fc.property(
        fc.oneof(fc.array(byte, { maxLength: 6 }), fc.array(byte, { minLength: 125, maxLength: 131 })),
        (list) => {
          const bytes = Uint8Array.from(list)
          expect(interner.read(bytes, 0, bytes.length)).toBe(decoded(bytes))
        },
      ),
      runs(2_000),
    )
  })

  it('tells strings apart that differ in one character', () => {
    const interner = new StringInterner()
    const texts = ['query/Vienna/1', 'query/Vienna/2', 'query/Vienna/1', 'Query/Vienna/1', 'query/vienna/1']
    const read = texts.map((text) => interner.read(new TextEncoder().encode(text), 0, text.length))
    expect(read).toEqual(texts)
  })
})
