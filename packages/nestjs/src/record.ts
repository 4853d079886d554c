import type { QoS, UserProperties } from '@antiphon/core'
import { MqttRecord } from '@nestjs/microservices'

/** The data of a request or event, and what a `MqttRecord` says of its message. */
export interface DataWithOptions {
  readonly data: unknown
  readonly options: { readonly qos?: QoS; readonly userProperties?: UserProperties }
  readonly retain: boolean
}

/** Takes the data out of a record that Nest's `MqttRecordBuilder` has built; other data is returned as it is. */
export function toRecord(data: unknown): DataWithOptions {
  if (!(data instanceof MqttRecord)) return { data, options: {}, retain: false }
  const { qos, retain = false, properties } = data.options ?? {}
  const userProperties = Object.entries(properties?.userProperties ?? {}).flatMap(([name, value]) =>
    [value].flat().map((text): readonly [string, string] => [name, text]),
  )
  return {
    data: data.data as unknown,
    options: { ...(qos !== undefined && { qos }), ...(userProperties.length > 0 && { userProperties }) },
    retain,
  }
}
