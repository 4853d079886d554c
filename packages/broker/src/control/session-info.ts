import type { QoS } from '@antiphon/core'
import type { ClientInfo } from '../authority/authority.js'
import type { Session } from '../session/session.js'

/** A session as it stands. */
export interface SessionInfo {
  readonly clientId: string
  /** Who is connected; absent while nobody is. */
  readonly client?: ClientInfo
  /** Seconds it outlives its connection; `Infinity` for ever. */
  readonly expiry: number
  readonly subscriptions: readonly SubscriptionInfo[]
  /** Sent and not acknowledged. */
  readonly inFlight: number
  /** Waiting to be sent. */
  readonly queued: number
  /** Bytes of both. */
  readonly heldBytes: number
}

/** A subscription as it stands. */
export interface SubscriptionInfo {
  readonly filter: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly subscriptionIdentifier?: number
}

/** A session's present state. */
export function toSessionInfo(session: Session): SessionInfo {
  const { clientId, client, expiry, downlink } = session
  return {
    clientId,
    ...(client === null ? {} : { client }),
    expiry,
    subscriptions: [...session.subscriptionMap.values()].map(
      ({ filter, qos, noLocal, retainAsPublished, identifiers }) => ({
        filter,
        qos,
        noLocal,
        retainAsPublished,
        ...(identifiers?.[0] === undefined ? {} : { subscriptionIdentifier: identifiers[0] }),
      }),
    ),
    inFlight: downlink.inFlightCount,
    queued: downlink.queuedCount,
    heldBytes: downlink.heldBytes,
  }
}
