import { defer, from, last, mergeMap, type Observable } from 'rxjs'
import type { Grant, Link, PublishAck } from '../link/link.js'
import type { OutgoingMessage } from '../message.js'
import { split } from './split.js'

/** Publishes a message, in as many parts as it takes; emits the acknowledgement of the last. */
export function publishWhole$(
  link: Link,
  message: OutgoingMessage,
  grant: Grant | undefined,
): Observable<PublishAck> {
  if (grant === undefined || grant.maximumPacketSize === Infinity) return link.publish$(message)
  return defer(() => {
    const parts = split(message, grant)
    const [only] = parts
    if (only !== undefined && parts.length === 1) return link.publish$(only)
    return from(parts).pipe(
      mergeMap((part) => link.publish$(part)),
      last(),
    )
  })
}
