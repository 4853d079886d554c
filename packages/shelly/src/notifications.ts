import type { Link } from '@antiphon/core'
import { decodePayloads, type DecodePayloadsOptions } from '@antiphon/core/codec'
import { filter, map, type Observable } from 'rxjs'
import { notificationCodec, type Notification } from './frames.js'

/**
 * Emits the notifications of a device. Ends and fails like `link.messages$`. Messages that are no notification are passed to
 * `onIgnored`.
 */
export function notifications$(
  link: Link,
  device: string,
  options?: DecodePayloadsOptions,
): Observable<Notification> {
  return link.messages$(`${device}/events/rpc`).pipe(decodePayloads(notificationCodec, options))
}

/** Emits whether a device is online, as it and its will say; the first value is retained by the broker. */
export function online$(link: Link, device: string): Observable<boolean> {
  return link.messages$(`${device}/online`).pipe(
    map(({ payload }) => new TextDecoder().decode(payload)),
    filter((text) => text === 'true' || text === 'false'),
    map((text) => text === 'true'),
  )
}
