import {
  bytes,
  endpoint,
  inOrder,
  json,
  oneOf,
  payloadField,
  text,
  topicParams,
  correlationData,
} from '@antiphon/core'
import { cbor } from '@antiphon/codecs/cbor'
import * as t from 'io-ts'
import * as z from 'zod'
import { type } from 'arktype'

const Door = t.keyof({ front: null, rear: null })
const Command = t.type({ id: t.string, doors: t.array(Door) }, 'Command')

export const unlock = endpoint({
  topic: 'vehicles/{vin}/unlock',
  responseTopic: 'vehicles/{vin}/unlocked',
  responseFilter: 'vehicles/+/unlocked',
  request: json(
    t.intersection([
      t.type({ command: Command, at: t.Int, note: t.union([t.string, t.undefined]) }),
      t.partial({ fallback: Command, retries: t.refinement(t.number, (n) => n > 0, 'Positive') }),
    ]),
  ),
  response: json(t.exact(t.type({ ok: t.boolean, code: t.union([t.literal(1), t.literal('a'), t.null]) }))),
  correlation: payloadField('id'),
  cancel: 'local',
})

export const history = endpoint({
  name: 'history of a car',
  topic: 'vehicles/history/{path...}',
  request: oneOf(
    json(z.object({ since: z.iso.datetime(), limit: z.int().max(100).default(10) })),
    cbor(z.object({ since: z.iso.datetime(), limit: z.int().max(100).default(10) })),
  ),
  response: json(t.readonly(t.tuple([t.number, t.record(t.string, t.unknown)]))),
  responses: 'many',
  acceptsNotifications: true,
})

export const echo = endpoint({
  topic: 'echo',
  request: text,
  response: bytes,
  correlation: correlationData({ format: 'bytes' }),
})
export const byTopic = endpoint({
  topic: 'a/{b}',
  responseTopic: 'a/{b}/response',
  request: json(type({ 'a?': 'string[]' })),
  response: json(t.UnknownRecord),
  correlation: topicParams(),
})
export const ordered = endpoint({
  topic: 'ordered',
  responseTopic: 'ordered/response',
  request: json(t.array(t.record(Door, t.string))),
  response: json(t.UnknownArray),
  correlation: inOrder(),
})
