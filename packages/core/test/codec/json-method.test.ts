import { json, text, type JsonMethod } from '@antiphon/core'
import { decodeResult, encodeParams } from '@antiphon/core/codec'
import * as t from 'io-ts'
import { expect, it } from 'vitest'

const setSwitch: JsonMethod<{ readonly on: boolean }, { readonly wasOn: boolean } | null> = {
  name: 'Switch.Set',
  params: json(t.type({ on: t.boolean })),
  result: json(t.union([t.type({ wasOn: t.boolean }), t.null])),
}

it('encodes the parameters of a method as data', () => {
  expect(encodeParams(setSwitch, { on: true })).toEqual({ on: true })
})

it('fails parameters that their codec does not encode', () => {
  expect(() => encodeParams(setSwitch, {} as never)).toThrow(expect.objectContaining({ code: 'encode' }))
})

it('fails parameters whose codec does not write JSON, and names the method', () => {
  expect(() => encodeParams({ name: 'Switch.Set', params: text }, 'on')).toThrow(
    '[encode] cannot encode the parameters of Switch.Set: their text/plain codec must write JSON',
  )
})

it('decodes a result, and a missing one as null', () => {
  expect(decodeResult(setSwitch, { wasOn: false })).toEqual({ wasOn: false })
  expect(decodeResult(setSwitch, undefined)).toBeNull()
})

it('fails a result that its codec does not decode, and names the method', () => {
  expect(() => decodeResult(setSwitch, { wasOn: 1 })).toThrow(/^\[decode\] Switch\.Set: .*\$\.wasOn/)
})
