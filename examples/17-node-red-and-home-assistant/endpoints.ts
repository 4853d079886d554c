/** What the house, Node-RED and Home Assistant agree on. */
import { endpoint, json, payloadField, text } from '@antiphon/core'
import * as t from 'io-ts'

const Lamp = t.type({ on: t.boolean })

/** For Node-RED, which speaks MQTT 5: Response Topic and Correlation Data are properties of the message. */
export const setLamp = endpoint({ topic: 'home/lamp/set', request: json(Lamp), response: json(Lamp) })

/**
 * For Home Assistant, which cannot set these properties: `id` and `responseTopic` are fields of the payload. Without them, it
 * expects no response.
 */
export const callLamp = endpoint({
  topic: 'home/lamp/call',
  request: json(t.intersection([Lamp, t.partial({ id: t.string, responseTopic: t.string })])),
  response: json(t.partial({ id: t.string, on: t.boolean, error: t.string })),
  correlation: payloadField('id', { responseTopic: { field: 'responseTopic' } }),
  failureOf: ({ error }) => (error === undefined ? undefined : { code: 500, message: error }),
  onFailure: ({ message }) => ({ error: message }),
  acceptsNotifications: true,
  cancel: 'local',
})

/** Served by the flow of Node-RED. */
export const temperature = endpoint({
  topic: 'home/temperature',
  request: text,
  response: json(t.type({ celsius: t.number })),
})

/** Has the state of the lamp, `ON` or `OFF`, as a retained message. */
export const lampStateTopic = 'home/lamp/state'
