import { isSharedFilter, TopicTrie } from '@antiphon/core/topic'
import { outboundFor, type BrokerSubscription, type Session } from './session.js'
import { sharedGroup, type SharedGroup } from './shared-group.js'
import type { StoredMessage } from './stored-message.js'

/** The number of copies for overlapping subscriptions of one client: one, or one for each. */
export type Overlap = 'once' | 'each'

/** The subscriptions of a broker, by which it routes messages. */
export interface Routing {
  /** Adds a subscription, or replaces the session's earlier one to the same filter. */
  readonly add: (session: Session, subscription: BrokerSubscription) => void
  /** Removes a subscription; its pending messages of a shared group are delivered to the other members. */
  readonly remove: (session: Session, filter: string) => void
  /** Delivers a message to all subscribers and returns whether there are any. */
  readonly route: (stored: StoredMessage) => boolean
  /** Redistributes the messages of shared groups after a member may have connected or disconnected. */
  readonly rebalance: () => void
}

/** Returns a routing without subscriptions. */
export function makeRouting(overlap: Overlap): Routing {
  const subscribers = new TopicTrie<Session>()
  const groups = new TopicTrie<SharedGroup>()
  const groupOf = new Map<string, SharedGroup>()

  const groupFor = (filter: string): SharedGroup => {
    const group = groupOf.get(filter) ?? sharedGroup(filter)
    groupOf.set(filter, group)
    groups.add(filter, group)
    return group
  }

  const deliver = (session: Session, stored: StoredMessage, filters: readonly string[]): boolean => {
    const matching = [...session.subscriptions.values()].filter(({ filter }) => filters.includes(filter))
    const subscriptions = matching.filter(
      ({ noLocal }) => !(noLocal && stored.publisher === session.clientId),
    )
    if (subscriptions.length === 0) return false
    const copies = overlap === 'each' ? subscriptions.map((subscription) => [subscription]) : [subscriptions]
    for (const copy of copies) session.deliver(outboundFor(stored, copy))
    return true
  }

  return {
    add: (session, subscription) => {
      const { filter } = subscription
      if (isSharedFilter(filter)) groupFor(filter).setMember(session, subscription)
      else subscribers.add(filter, session)
    },
    remove: (session, filter) => {
      subscribers.delete(filter, session)
      const group = groupOf.get(filter)
      group?.removeMember(session)
      if (group === undefined || !group.isEmpty()) return
      groupOf.delete(filter)
      groups.delete(filter, group)
    },
    route: (stored) => {
      const { topic } = stored.message
      const filtersOf = new Map<Session, string[]>()
      subscribers.match(topic, (session, filter) => {
        const filters = filtersOf.get(session)
        if (filters === undefined) filtersOf.set(session, [filter])
        else filters.push(filter)
      })
      const delivered = [...filtersOf].map(([session, filters]) => deliver(session, stored, filters))
      const matchingGroups = groups.matches(topic)
      for (const group of matchingGroups) group.deliver(stored)
      return matchingGroups.length > 0 || delivered.includes(true)
    },
    rebalance: () => {
      for (const group of groupOf.values()) group.rebalance()
    },
  }
}
