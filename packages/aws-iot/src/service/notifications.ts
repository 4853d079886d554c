import type { Codec, Link, Message } from '@antiphon/core'
import { decodeWith } from '@antiphon/core/codec'
import { isRight } from 'fp-ts/lib/Either.js'
import { mergeMap, type Observable } from 'rxjs'

/** Options of a stream of notifications. */
export interface NotificationOptions {
  /** Called with each message of the topic that the stream does not emit, because it is malformed or stale. */
  readonly onIgnored?: (message: Message) => void
}

/** Emits the notifications on a topic. */
export function notifications$<A>(
  link: Link,
  topic: string,
  codec: Codec<A>,
  { onIgnored }: NotificationOptions,
  isNew: (notification: A) => boolean = () => true,
): Observable<A> {
  return link.messages$(topic).pipe(
    mergeMap((message) => {
      const decoded = decodeWith(codec, message.payload)
      if (isRight(decoded) && isNew(decoded.right)) return [decoded.right]
      onIgnored?.(message)
      return []
    }),
  )
}
