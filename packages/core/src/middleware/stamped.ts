import { defer, take, tap } from 'rxjs'
import type { Link, LinkMiddleware } from '../link/link.js'
import { userProperty, type OutgoingMessage, type UserProperties } from '../message.js'
import { HybridClock } from './hybrid-clock.js'
import { linkMiddleware } from './link-middleware.js'

/** The version of mRPC whose conventions are spoken here. */
const PROTOCOL_VERSION = '1.0'

/**
 * Says of every request and reply what mRPC says of them: when it was sent, in which version of the protocol and, of a
 * request, by whom (`__ts`, `__protVer`, `__srcId`). Peers that know nothing of it are not disturbed.
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
    const stamp = (message: OutgoingMessage, source: UserProperties): OutgoingMessage => ({
      ...message,
      userProperties: [
        ...(message.userProperties ?? []),
        ...source,
        ['__protVer', PROTOCOL_VERSION],
        ['__ts', clock.stamp(now())],
      ],
    })
    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          if (message.responseTopic !== undefined) return next(stamp(message, sourceOf(link)))
          const isReply = userProperty(message.userProperties, '__stat') !== undefined
          return next(isReply ? stamp(message, []) : message)
        }),
      deliveries$: (deliveries$) =>
        deliveries$.pipe(
          tap(({ message }) => {
            const said = userProperty(message.userProperties, '__ts')
            if (said !== undefined) clock.hear(said, now())
          }),
        ),
    })(link)
  }
}

/** Our name at the broker, once that has told it. */
function sourceOf({ state$ }: Link): UserProperties {
  let source: UserProperties = []
  state$.pipe(take(1)).subscribe((state) => {
    if (state.status === 'online') source = [['__srcId', state.info.clientId]]
  })
  return source
}
