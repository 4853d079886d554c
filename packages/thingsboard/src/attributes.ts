import { exchange$, type Link } from '@antiphon/core'
import { decodePayloads, type DecodePayloadsOptions } from '@antiphon/core/codec'
import { defer, type Observable } from 'rxjs'
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
  const query = { clientKeys: client?.join(','), sharedKeys: shared?.join(',') }
  return defer(() => exchange$(link, attributesEndpoint, query, options))
}

/**
 * Emits the shared attributes that have changed; the keys of removed ones are in `deleted`. Messages that are no update are passed
 * to `onIgnored`. Ends and fails like `link.messages$`.
 */
export function sharedUpdates$(link: Link, options?: DecodePayloadsOptions): Observable<Attributes> {
  return link.messages$('v1/devices/me/attributes').pipe(decodePayloads(updateCodec, options))
}
