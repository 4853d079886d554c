import { endpoint, json, type Codec } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { endpointWire, type Wire } from './wire.js'

/** JSON as `JSON.stringify` writes it, so that dates and instances of classes may be sent, as with Nest's transports. */
export const anyJson: Codec<unknown> = {
  ...json.unchecked<unknown>(),
  encode: (value) => toUtf8(JSON.stringify(value)),
}

/** The wire of Antiphon: JSON with MQTT 5 properties, streams with positions, cancels, statuses. */
export const antiphonWire: Wire = {
  ...endpointWire,
  endpoint: (name, topic) =>
    endpoint({
      name,
      topic,
      request: anyJson,
      response: anyJson,
      responses: 'many',
      acceptsNotifications: true,
    }),
  events: anyJson,
  toSent: (_, data) => data,
  valuesOf: (response) => [response],
}
