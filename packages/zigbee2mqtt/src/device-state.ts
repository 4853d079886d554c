import { endpoint, exchange$, inOrder, type Link } from '@antiphon/core'
import { decodePayloads, type DecodePayloadsOptions } from '@antiphon/core/codec'
import { literalTemplate } from '@antiphon/core/topic'
import { defer, type Observable } from 'rxjs'
import type { CallOptions } from './call-bridge.js'
import { stateCodec, type DeviceState } from './frames.js'
import { BASE_TOPIC, type BaseTopicOptions } from './bridge-endpoint.js'

/**
 * Emits the states of a device or group as they are published; the first one at once if the broker retains it. Messages that are
 * no state are passed to `onIgnored`. Ends and fails like `link.messages$`.
 */
export function deviceState$(
  link: Link,
  device: string,
  { baseTopic = BASE_TOPIC, ...options }: BaseTopicOptions & DecodePayloadsOptions = {},
): Observable<DeviceState> {
  return link.messages$(`${baseTopic}/${device}`).pipe(decodePayloads(stateCodec, options))
}

/**
 * Reads attributes of a device, and emits the next state that is published.
 *
 * The state does not name the request: it may come from another cause, such as a report of the device. Retained states are
 * older than the request and are skipped.
 *
 * - *error*: `timeout` if no state is published, for example because the device is off; `decode`.
 */
export function getState$(
  link: Link,
  device: string,
  attributes: readonly string[],
  options?: CallOptions,
): Observable<DeviceState> {
  return nextState$(link, device, 'get', Object.fromEntries(attributes.map((name) => [name, ''])), options)
}

/** Changes attributes of a device or group, and emits the next state that is published; see `getState$`. */
export function setState$(
  link: Link,
  device: string,
  changes: DeviceState,
  options?: CallOptions,
): Observable<DeviceState> {
  return nextState$(link, device, 'set', changes, options)
}

function nextState$(
  link: Link,
  device: string,
  action: 'get' | 'set',
  fields: DeviceState,
  { baseTopic = BASE_TOPIC, ...options }: CallOptions = {},
): Observable<DeviceState> {
  return defer(() => {
    // The type is that of a template without parameters.
    const topic = literalTemplate(`${baseTopic}/${device}`) as 'device'
    const target = endpoint({
      name: `zigbee2mqtt ${action}`,
      topic: `${topic}/${action}`,
      responseTopic: topic,
      request: stateCodec,
      response: stateCodec,
      correlation: inOrder(),
      cancel: 'local',
    })
    return exchange$(link, target, fields, options)
  })
}
