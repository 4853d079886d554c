import { json, type JsonMethod } from '@antiphon/core'
import * as t from 'io-ts'

export const setTemperature: JsonMethod<{ readonly value: number }, { readonly was: number }> = {
  name: 'setTemperature',
  params: json(t.type({ value: t.number })),
  result: json(t.type({ was: t.number })),
}

export const getCurrentTime: JsonMethod<object, { readonly time: number }> = {
  name: 'getCurrentTime',
  params: json(t.type({})),
  result: json(t.type({ time: t.number })),
}
