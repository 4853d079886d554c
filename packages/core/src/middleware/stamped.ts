import { defer, take, tap } from 'rxjs'
import type { Link, LinkMiddleware } from '../link/link.js'
import { userProperty, type OutgoingMessage, type UserProperties } from '../message.js'
import { HybridClock, TIMESTAMP_SIZE } from './hybrid-clock.js'
import { linkMiddleware } from './link-middleware.js'
import { userPropertiesSize } from './user-properties-size.js'

/** The supported version of the mRPC protocol. */
const PROTOCOL_VERSION = '1.0'

/**
 * Adds mRPC's user properties to requests and responses: the timestamp `__ts`, the protocol version `__protVer` and, on
 * requests, the client identifier `__srcId`. Peers that do not know mRPC ignore them.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), stamped())
 * requests$(link, unlock, { headers: mrpcHeaders })
 * ```
 */
export function stamped(): LinkMiddleware {
  return (link) => {
    const clock = new HybridClock()
    const now = (): number => link.scheduler.now()
    const added = (source: UserProperties, timestamp: string): UserProperties => [
      ...source,
      ['__protVer', PROTOCOL_VERSION],
      ['__ts', timestamp],
    ]
    const stamp = (message: OutgoingMessage, source: UserProperties): OutgoingMessage => ({
      ...message,
      userProperties: [...(message.userProperties ?? []), ...added(source, clock.stamp(now()))],
    })
    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          if (message.responseTopic !== undefined) return next(stamp(message, sourceOf(link)))
          const isResponse = userProperty(message.userProperties, '__stat') !== undefined
          return next(isResponse ? stamp(message, []) : message)
        }),
      addedBytes: ({ clientId }) =>
        userPropertiesSize(added([['__srcId', clientId]], '0'.repeat(TIMESTAMP_SIZE))),
      deliveries$: (deliveries$) =>
        deliveries$.pipe(
          tap(({ message }) => {
            const timestamp = userProperty(message.userProperties, '__ts')
            if (timestamp !== undefined) clock.update(timestamp, now())
          }),
        ),
    })(link)
  }
}

/** Returns our client identifier as a user property, or nothing while the link is offline. */
function sourceOf({ state$ }: Link): UserProperties {
  let source: UserProperties = []
  state$.pipe(take(1)).subscribe((state) => {
    if (state.status === 'online') source = [['__srcId', state.info.clientId]]
  })
  return source
}
