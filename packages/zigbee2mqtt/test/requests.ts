import { json } from '@antiphon/core'
import type { BridgeRequest } from '@antiphon/zigbee2mqtt'
import * as t from 'io-ts'

const Join = t.intersection([t.type({ time: t.number }), t.partial({ device: t.string })])

export const permitJoin: BridgeRequest<t.TypeOf<typeof Join>, { readonly time: number }> = {
  name: 'permit_join',
  params: json(Join),
  data: json(t.type({ time: t.number })),
}

const Rename = t.type({ from: t.string, to: t.string })

export const rename: BridgeRequest<t.TypeOf<typeof Rename>, t.TypeOf<typeof Rename>> = {
  name: 'device/rename',
  params: json(Rename),
  data: json(Rename),
}
