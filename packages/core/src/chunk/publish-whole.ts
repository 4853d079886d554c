import { defer, from, last, mergeMap, type Observable } from 'rxjs'
import type { ConnectionInfo, Link, PublishAck } from '../link/link.js'
import type { OutgoingMessage } from '../message.js'
import { split } from './split.js'

/** Publishes a message, in as many parts as it takes; emits the acknowledgement of the last. */
export function publishWhole$(
  link: Link,
  message: OutgoingMessage,
  info: ConnectionInfo | undefined,
): Observable<PublishAck> {
  if (info === undefined || info.maximumPacketSize === Infinity) return link.publish$(message)
  return defer(() => {
    const parts = split(message, info)
    const [only] = parts
    if (only !== undefined && parts.length === 1) return link.publish$(only)
    return from(parts).pipe(
      mergeMap((part) => link.publish$(part)),
      last(),
    )
  })
}
