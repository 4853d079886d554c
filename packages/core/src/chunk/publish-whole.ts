import { defer, from, last, mergeMap, type Observable } from 'rxjs'
import type { ConnectionInfo, Link, PublishAck } from '../link/link.js'
import type { OutgoingMessage } from '../message.js'
import { split } from './split.js'

/** Publishes a message in as many chunks as it needs; emits the acknowledgement of the last one. */
export function publishWhole$(
  link: Link,
  message: OutgoingMessage,
  info: ConnectionInfo | undefined,
): Observable<PublishAck> {
  if (info === undefined || info.maximumPacketSize === Infinity) return link.publish$(message)
  return defer(() => {
    const chunks = split(message, info)
    const [only] = chunks
    if (only !== undefined && chunks.length === 1) return link.publish$(only)
    return from(chunks).pipe(
      mergeMap((chunk) => link.publish$(chunk)),
      last(),
    )
  })
}
