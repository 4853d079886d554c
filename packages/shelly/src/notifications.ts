import type { Link, Message } from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { isRight } from 'fp-ts/lib/Either.js'
import { filter, map, mergeMap, type Observable } from 'rxjs'
import { notificationCodec, type Notification } from './frames.js'

/** Options of `notifications$`. */
export interface NotificationOptions {
  /** Called with each message on the topic of notifications that is not a notification. */
  readonly onIgnored?: (message: Message) => void
}

/** Emits the notifications of a device. Ends and fails like `link.messages$`. */
export function notifications$(
  link: Link,
  device: string,
  { onIgnored }: NotificationOptions = {},
): Observable<Notification> {
  return link.messages$(`${device}/events/rpc`).pipe(
    mergeMap((message) => {
      const decoded = decodeWith(notificationCodec, message.payload)
      if (isRight(decoded)) return [decoded.right]
      onIgnored?.(message)
      return []
    }),
  )
}

/** Emits whether a device is online, as it and its will say; the first value is retained by the broker. */
export function online$(link: Link, device: string): Observable<boolean> {
  return link.messages$(`${device}/online`).pipe(
    map(({ payload }) => new TextDecoder().decode(payload)),
    filter((text) => text === 'true' || text === 'false'),
    map((text) => text === 'true'),
  )
}
