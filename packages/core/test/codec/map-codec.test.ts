import { json, oneOf, text } from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { either } from 'fp-ts'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'

const toText = (value: number): string => String(value)
const toNumber = (text: string) =>
  text !== '' && Number.isFinite(Number(text))
    ? either.right(Number(text))
    : either.left(`expected a number, found ${text}`)

describe('mapCodec', () => {
  const codec = mapCodec(text, { encode: toText, decode: toNumber })

  it('encodes and decodes other values with the same payloads', () => {
    expect(new TextDecoder().decode(codec.encode(7.5))).toBe('7.5')
    expect(codec.decode(codec.encode(7.5))).toEqual(either.right(7.5))
    expect(codec).toMatchObject({ contentType: text.contentType, isText: true })
  })

  it('returns the reason of the mapping for an invalid value', () => {
    expect(codec.decode(text.encode('warm'))).toMatchObject({
      left: { kind: 'payload', issues: [{ path: '$', message: 'expected a number, found warm' }] },
    })
  })

  it('returns the error of the inner codec for an invalid payload', () => {
    expect(codec.decode(new Uint8Array([0xff]))).toEqual(text.decode(new Uint8Array([0xff])))
  })

  it('maps the codec that oneOf chooses by content type', () => {
    const either = mapCodec(oneOf(text, json(t.string)), { encode: toText, decode: toNumber })
    const chosen = either.forContentType?.('application/json')
    expect(chosen && new TextDecoder().decode(chosen.encode(3))).toBe('"3"')
  })
})
