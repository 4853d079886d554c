import { nestEndpoint, nestWire } from '@antiphon/nestjs/wire'
import { from, lastValueFrom, toArray } from 'rxjs'
import type { Dialect, Framing } from './command-endpoint.js'

const framing: Framing = {
  toSent: nestWire.toSent,
  dataOf: nestWire.dataOf,
  valuesOf: nestWire.valuesOf,
  toResponses: (values, isStream) =>
    lastValueFrom(nestWire.toResponses(isStream ? from(values) : values[0]).pipe(toArray())),
}

/** The dialect of Nest's own MQTT transport, in which the topic is the pattern of a handler. */
export const nestJs: Dialect = ({ topic, request, acceptsNotifications }) => ({
  ...nestEndpoint(topic),
  request,
  acceptsNotifications,
  framing,
})
