import {
  endpoint,
  exchange$,
  inOrder,
  type ContractTypes,
  type Correlation,
  type Endpoint,
  type Link,
  type Message,
} from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { isRight } from 'fp-ts/lib/Either.js'
import { defer, mergeMap, type Observable } from 'rxjs'
import type { CallOptions } from './call-bridge.js'
import { stateCodec, type DeviceState } from './frames.js'
import { asTemplate, BASE_TOPIC, type BaseTopicOptions } from './topics.js'

/** Options of `deviceState$`. */
export interface StateOptions extends BaseTopicOptions {
  /** Called with each message on the topic of the device that is not a state. */
  readonly onIgnored?: (message: Message) => void
}

/**
 * Emits the states of a device or group as they are published; the first one at once if the broker retains it. Ends and
 * fails like `link.messages$`.
 */
export function deviceState$(
  link: Link,
  device: string,
  { baseTopic = BASE_TOPIC, onIgnored }: StateOptions = {},
): Observable<DeviceState> {
  return link.messages$(`${baseTopic}/${device}`).pipe(
    mergeMap((message) => {
      const decoded = decodeWith(stateCodec, message.payload)
      if (isRight(decoded)) return [decoded.right]
      onIgnored?.(message)
      return []
    }),
  )
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
    const topic = asTemplate(`${baseTopic}/${device}`)
    const target = endpoint({
      name: `zigbee2mqtt ${action}`,
      topic: `${topic}/${action}`,
      responseTopic: topic,
      request: stateCodec,
      response: stateCodec,
      correlation: inOrder(),
      cancel: 'local',
    }) as unknown as Endpoint<ContractTypes<'', DeviceState, DeviceState, 'one', Correlation>>
    return exchange$(link, target, fields, options)
  })
}
