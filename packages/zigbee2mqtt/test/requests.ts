import { json, type JsonMethod } from '@antiphon/core'
import * as t from 'io-ts'

const Join = t.intersection([t.type({ time: t.number }), t.partial({ device: t.string })])

export const permitJoin: JsonMethod<t.TypeOf<typeof Join>, { readonly time: number }> = {
  name: 'permit_join',
  params: json(Join),
  result: json(t.type({ time: t.number })),
}

const Rename = t.type({ from: t.string, to: t.string })

export const rename: JsonMethod<t.TypeOf<typeof Rename>, t.TypeOf<typeof Rename>> = {
  name: 'device/rename',
  params: json(Rename),
  result: json(Rename),
}
