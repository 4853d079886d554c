import { exchange$, type Link, type Message } from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { isRight } from 'fp-ts/lib/Either.js'
import { defer, mergeMap, type Observable } from 'rxjs'
import { attributesEndpoint } from './endpoints.js'
import { updateCodec, type Attributes, type AttributesResponse } from './frames.js'
import type { CallOptions } from './methods.js'

/** The keys of the attributes to request. */
export interface AttributeKeys {
  /** Those that the device has set. @defaultValue none */
  readonly client?: readonly string[]
  /** Those that the platform shares with the device. @defaultValue none */
  readonly shared?: readonly string[]
}

/**
 * Requests attributes from the platform when it is subscribed to. Attributes without a value are missing in the response.
 *
 * - *error*: `timeout`; `decode`.
 */
export function getAttributes$(
  link: Link,
  { client, shared }: AttributeKeys,
  options: CallOptions = {},
): Observable<AttributesResponse> {
  const value = {
    ...(client && { clientKeys: client.join(',') }),
    ...(shared && { sharedKeys: shared.join(',') }),
  }
  return defer(() => exchange$(link, attributesEndpoint, value, options))
}

/** Options of `sharedUpdates$`. */
export interface UpdateOptions {
  /** Called with each message on the topic of updates that is not an update. */
  readonly onIgnored?: (message: Message) => void
}

/**
 * Emits the shared attributes that have changed; the keys of removed ones are in `deleted`. Ends and fails like
 * `link.messages$`.
 */
export function sharedUpdates$(link: Link, options: UpdateOptions = {}): Observable<Attributes> {
  return updatesOn$(link, 'v1/devices/me/attributes', options)
}

/** Emits the updates on a topic. */
export function updatesOn$(
  link: Link,
  topic: string,
  { onIgnored }: UpdateOptions = {},
): Observable<Attributes> {
  return link.messages$(topic).pipe(
    mergeMap((message) => {
      const decoded = decodeWith(updateCodec, message.payload)
      if (isRight(decoded)) return [decoded.right]
      onIgnored?.(message)
      return []
    }),
  )
}
