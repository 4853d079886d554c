import { isRight, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import type { Codec } from '../../src/codec/codec.js'
import { codecFor, decodeWith, encodeWith } from '../../src/codec/guard.js'
import { json } from '../../src/codec/json.js'
import { oneOf } from '../../src/codec/one-of.js'
import { text } from '../../src/codec/text.js'

const utf8 = (content: string) => new TextEncoder().encode(content)

const quoted = json(t.string)
const both = oneOf(quoted, text)

describe('oneOf', () => {
  it('encodes with the first codec', () => {
    expect(both.contentType).toBe('application/json')
    expect(both.isText).toBe(true)
    expect(both.encode('a')).toEqual(utf8('"a"'))
  })

  it.each([
    ['application/json; charset=utf-8', '"a"'],
    ['APPLICATION/JSON', '"a"'],
    ['application/vnd.acme+json', '"a"'],
    [undefined, '"a"'],
    ['', '"a"'],
    ['text/plain', 'a'],
    ['Text/CSV;header=present', 'a'],
  ])('decodes %j with the codec that accepts it', (contentType, content) => {
    expect(both.accepts(contentType)).toBe(true)
    expect(both.decode(utf8(content), contentType)).toEqual(right('a'))
  })

  it.each(['application/cbor', 'application/json; charset=utf-16', 'nonsense'])(
    'does not decode %j',
    (contentType) => {
      expect(both.accepts(contentType)).toBe(false)
      expect(both.forContentType?.(contentType)).toBeUndefined()
      expect(decodeWith(both, utf8('"a"'), contentType)).toEqual({
        _tag: 'Left',
        left: {
          kind: 'content-type',
          contentType,
          issues: [
            {
              path: '$',
              message: `content type "${contentType}" is not supported: send application/json or text/plain`,
            },
          ],
        },
      })
    },
  )

  it('prefers the codec whose own content type it is', () => {
    const first = json(t.string, { contentType: 'application/vnd.v1+json' })
    const second = json(t.string, { contentType: 'application/vnd.v2+json' })
    const versions = oneOf(first, second)
    expect(versions.forContentType?.('application/vnd.v2+json; charset=utf-8')).toBe(second)
    expect(versions.forContentType?.('application/vnd.v2+json')).toBe(second)
    expect(versions.forContentType?.('application/vnd.v3+json')).toBe(first)
  })

  it('chooses through nested oneOf codecs', () => {
    const nested = oneOf(oneOf(quoted), oneOf(text))
    expect(nested.forContentType?.('text/plain')).toBe(text)
    expect(nested.forContentType?.(undefined)).toBe(quoted)
  })

  it('rejects an empty list of codecs', () => {
    expect(() => (oneOf as () => unknown)()).toThrow('oneOf() has no codec')
  })
})

describe('codecFor', () => {
  it('returns the codec of the requested content type, if there is one', () => {
    expect(codecFor(both, 'text/plain')).toBe(text)
    expect(codecFor(both, undefined)).toBe(quoted)
    expect(codecFor(both, 'application/cbor')).toBe(both)
    expect(codecFor(text, 'application/cbor')).toBe(text)
  })
})

describe('encodeWith and decodeWith', () => {
  const broken = (members: Partial<Codec<string>>): Codec<string> => ({ ...text, ...members })
  const fail = (): never => {
    throw new Error('the codec fails')
  }

  it('return the result of the codec', () => {
    expect(encodeWith(text, 'a')).toEqual(right(utf8('a')))
    expect(decodeWith(text, utf8('a'), 'text/plain')).toEqual(right('a'))
  })

  it.each([
    [
      'a value that does not encode',
      quoted,
      Number.NaN,
      'as application/json: $: expected string, found NaN',
    ],
    ['a codec that throws', broken({ encode: fail }), 'a', 'as text/plain: the codec fails'],
    [
      'a codec that returns a string',
      broken({ encode: String as never }),
      'a',
      'returned "a": it must return a Uint8Array',
    ],
    [
      'a codec that returns undefined',
      broken({ encode: () => undefined as never }),
      'a',
      'returned undefined',
    ],
    [
      'a codec that returns a DataView',
      broken({ encode: () => new DataView(new ArrayBuffer(1)) as never }),
      'a',
      'returned an object',
    ],
  ])('encodeWith returns an error for %s', (_, codec, value, message) => {
    const encoded = encodeWith(codec, value as string)
    expect(encoded).toMatchObject({ left: { code: 'encode', phase: 'before-network' } })
    expect(String('left' in encoded && encoded.left.message)).toContain(message)
  })

  it('encodeWith accepts a Uint8Array of another realm', async () => {
    const { runInNewContext } = await import('node:vm')
    const foreign = runInNewContext('Uint8Array.of(1)') as Uint8Array
    expect(foreign).not.toBeInstanceOf(Uint8Array)
    expect(isRight(encodeWith(broken({ encode: () => foreign }), 'a'))).toBe(true)
  })

  it.each([
    ['decode throws', broken({ decode: fail }), 'payload', 'the codec threw: the codec fails'],
    ['accepts throws', broken({ accepts: fail }), 'payload', 'the codec threw: the codec fails'],
    [
      'decode returns a string',
      broken({ decode: () => 'a' as never }),
      'payload',
      'the codec did not return an Either',
    ],
    ['decode returns undefined', broken({ decode: () => undefined as never }), 'payload', 'the codec threw'],
    [
      'the content type is not supported',
      quoted,
      'content-type',
      'content type "text/plain" is not supported: send application/json',
    ],
  ])('decodeWith returns a Left when %s', (_, codec, kind, message) => {
    const decoded = decodeWith(codec, utf8('a'), 'text/plain')
    expect(decoded).toMatchObject({
      left: { kind, issues: [{ message: expect.stringContaining(message) as unknown }] },
    })
  })
})
