import { json } from '@antiphon/core'
import type { RpcMethod } from '@antiphon/thingsboard'
import * as t from 'io-ts'

export const setTemperature: RpcMethod<{ readonly value: number }, { readonly was: number }> = {
  name: 'setTemperature',
  params: json(t.type({ value: t.number })),
  result: json(t.type({ was: t.number })),
}

export const getCurrentTime: RpcMethod<object, { readonly time: number }> = {
  name: 'getCurrentTime',
  params: json(t.type({})),
  result: json(t.type({ time: t.number })),
}
