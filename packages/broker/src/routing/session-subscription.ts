import type { QoS } from '@antiphon/core'
import type { Session } from '../session/session.js'
import type { SharedGroup } from './shared-group.js'

/** One session's subscription to one filter; a new SUBSCRIBE to the same filter changes it in place [MQTT-3.8.4-3]. */
export interface SessionSubscription {
  readonly session: Session
  /** As the client wrote it, `$share` included. */
  readonly filter: string
  /** The group it shares with others, where it does. */
  readonly group: SharedGroup | null
  qos: QoS
  noLocal: boolean
  retainAsPublished: boolean
  identifiers: readonly number[] | null
}

/** What the router's trie holds under a filter: a subscription of one, or the group of those who share it. */
export type Route = SessionSubscription | SharedGroup
