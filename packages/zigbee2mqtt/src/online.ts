import { json, type Link } from '@antiphon/core'
import { decodeWith, isJsonObject } from '@antiphon/core/codec'
import { isRight } from 'fp-ts/lib/Either.js'
import { filter, map, type Observable } from 'rxjs'
import { BASE_TOPIC, type BaseTopicOptions } from './bridge-endpoint.js'

/** Emits whether the bridge is online, as it and its will say; the first value is retained by the broker. */
export function bridgeOnline$(link: Link, options?: BaseTopicOptions): Observable<boolean> {
  return online$(link, 'bridge/state', options)
}

/**
 * Emits whether a device is available, as the bridge has found; the first value is retained by the broker. It needs
 * `availability` in the configuration of Zigbee2MQTT.
 */
export function deviceOnline$(link: Link, device: string, options?: BaseTopicOptions): Observable<boolean> {
  return online$(link, `${device}/availability`, options)
}

function online$(
  link: Link,
  topic: string,
  { baseTopic = BASE_TOPIC }: BaseTopicOptions = {},
): Observable<boolean> {
  return link.messages$(`${baseTopic}/${topic}`).pipe(
    map(({ payload }) => stateIn(payload)),
    filter((state) => state === 'online' || state === 'offline'),
    map((state) => state === 'online'),
  )
}

/** Returns the state in `{"state":"online"}`, or the plain text of versions and configurations before it. */
function stateIn(payload: Uint8Array): unknown {
  const decoded = decodeWith(json.unchecked<unknown>(), payload)
  if (isRight(decoded)) return isJsonObject(decoded.right) ? decoded.right['state'] : undefined
  return new TextDecoder().decode(payload)
}
