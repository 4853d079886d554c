import type { QoS } from '@antiphon/core'
import type { Session } from './session.js'
import type { SharedGroup } from './shared-group.js'

/**
 * One session's subscription to one Topic Filter; another SUBSCRIBE to the same filter modifies it [MQTT-3.8.4-3].
 */
export interface SessionSubscription {
  readonly session: Session
  /** The Topic Filter as the client sent it, including `$share`. */
  readonly filter: string
  /** The group of a shared subscription; `null` for any other. */
  readonly group: SharedGroup | null
  /** Subscriptions that began later have higher numbers. */
  readonly order: number
  qos: QoS
  noLocal: boolean
  retainAsPublished: boolean
  retainHandling: 0 | 1 | 2
  identifiers: readonly number[] | null
}

/** An entry of the router's trie: a subscription, or the group of a shared subscription. */
export type Route = SessionSubscription | SharedGroup
