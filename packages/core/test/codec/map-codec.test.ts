import { json, oneOf, text } from '@antiphon/core'
import { mapCodec } from '@antiphon/core/codec'
import { either } from 'fp-ts'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'

const toText = (value: number): string => String(value)
const toNumber = (said: string) =>
  said !== '' && Number.isFinite(Number(said))
    ? either.right(Number(said))
    : either.left(`expected a number, found ${said}`)

describe('mapCodec', () => {
  const codec = mapCodec(text, { encode: toText, decode: toNumber })

  it('reads and writes other values over the same payloads', () => {
    expect(new TextDecoder().decode(codec.encode(7.5))).toBe('7.5')
    expect(codec.decode(codec.encode(7.5))).toEqual(either.right(7.5))
    expect(codec).toMatchObject({ contentType: text.contentType, isText: true })
  })

  it('says why a value stands for none', () => {
    expect(codec.decode(text.encode('warm'))).toMatchObject({
      left: { kind: 'payload', issues: [{ path: '$', message: 'expected a number, found warm' }] },
    })
  })

  it('leaves the fault of the payload itself to the codec beneath', () => {
    expect(codec.decode(new Uint8Array([0xff]))).toEqual(text.decode(new Uint8Array([0xff])))
  })

  it('keeps the choice of one of several by content type', () => {
    const either = mapCodec(oneOf(text, json(t.string)), { encode: toText, decode: toNumber })
    const chosen = either.forContentType?.('application/json')
    expect(chosen && new TextDecoder().decode(chosen.encode(3))).toBe('"3"')
  })
})
