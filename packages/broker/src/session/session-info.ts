import type { QoS } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { Session } from './session.js'

/** The state of a session. */
export interface SessionInfo {
  readonly clientId: string
  /** The connected client; absent while the session has no connection. */
  readonly client?: ClientInfo
  /** The Session Expiry Interval, in seconds; `Infinity` for a session that does not expire. */
  readonly sessionExpiryInterval: number
  readonly subscriptions: readonly SubscriptionInfo[]
  /** The number of messages that were sent and not acknowledged. */
  readonly inFlight: number
  /** The number of messages that wait to be sent. */
  readonly queued: number
  /** Bytes of the messages in flight and queued. */
  readonly heldBytes: number
}

/** The state of a subscription. */
export interface SubscriptionInfo {
  readonly filter: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
  readonly subscriptionIdentifier?: number
}

/** Returns the present state of a session. */
export function toSessionInfo(session: Session): SessionInfo {
  const { clientId, client, sessionExpiryInterval, outbound } = session
  return {
    clientId,
    ...(client === null ? {} : { client }),
    sessionExpiryInterval,
    subscriptions: [...session.subscriptionMap.values()].map(
      ({ filter, qos, noLocal, retainAsPublished, retainHandling, identifiers }) => ({
        filter,
        qos,
        noLocal,
        retainAsPublished,
        retainHandling,
        ...(identifiers?.[0] === undefined ? {} : { subscriptionIdentifier: identifiers[0] }),
      }),
    ),
    inFlight: outbound.inFlightCount,
    queued: outbound.queuedCount,
    heldBytes: outbound.heldBytes,
  }
}
