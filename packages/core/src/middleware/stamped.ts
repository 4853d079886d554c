import { defer, take, tap } from 'rxjs'
import { requireArgument } from '../argument.js'
import { applicationClock, type HybridClock } from '../clock/hybrid-clock.js'
import { formatTimestamp } from '../clock/timestamp.js'
import type { Link, LinkMiddleware } from '../link/link.js'
import { userProperty, type OutgoingMessage, type UserProperties } from '../message.js'
import type { OptionRules } from '../option-rules.js'
import { linkMiddleware } from './link-middleware.js'
import { userPropertiesSize } from './user-properties-size.js'

/** The supported version of the mRPC protocol. */
const PROTOCOL_VERSION = '1.0'

/** Options of `stamped`. */
export interface StampedOptions {
  /** The clock of the timestamps. @defaultValue the clock of the application, `applicationClock(link.scheduler)` */
  readonly clock?: HybridClock
}

const stampedOptionRules: OptionRules<StampedOptions> = { clock: 'object' }

/**
 * Adds mRPC's user properties to requests and responses: the timestamp `__ts`, the protocol version `__protVer` and, on
 * requests, the client identifier `__srcId`. Peers that do not know mRPC ignore them. The clock advances past the timestamps of received messages.
 *
 * @example
 * ```ts
 * const link = pipe(connect(url), stamped())
 * requests$(link, unlock, { headers: mrpcHeaders })
 * ```
 */
export function stamped(options: StampedOptions = {}): LinkMiddleware {
  requireArgument('options', options, stampedOptionRules)
  return (link) => {
    const { clock = applicationClock(link.scheduler) } = options
    const added = (source: UserProperties, timestamp: string): UserProperties => [
      ...source,
      ['__protVer', PROTOCOL_VERSION],
      ['__ts', timestamp],
    ]
    const stamp = (message: OutgoingMessage, source: UserProperties): OutgoingMessage => ({
      ...message,
      userProperties: [...(message.userProperties ?? []), ...added(source, clock.stamp())],
    })
    return linkMiddleware({
      publish$: (message, next) =>
        defer(() => {
          if (message.responseTopic !== undefined) return next(stamp(message, sourceOf(link)))
          const isResponse = userProperty(message.userProperties, '__stat') !== undefined
          return next(isResponse ? stamp(message, []) : message)
        }),
      addedBytes: ({ clientId }) =>
        userPropertiesSize(added([['__srcId', clientId]], formatTimestamp(clock.latest))),
      deliveries$: (deliveries$) =>
        deliveries$.pipe(
          tap(({ message }) => {
            const timestamp = userProperty(message.userProperties, '__ts')
            if (timestamp !== undefined) clock.receive(timestamp)
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
