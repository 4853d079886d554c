import { isSharedFilter, TopicTrie } from '@antiphon/core/topic'
import { outboundFor, type BrokerSubscription, type Session } from './session.js'
import { sharedGroup, type SharedGroup } from './shared-group.js'
import type { StoredMessage } from './stored-message.js'

/** How a message that several subscriptions of one client ask for is sent: one copy, or one for each. */
export type Overlap = 'once' | 'each'

/** The part of a broker that knows who gets a message. */
export interface Routing {
  /** Puts a subscription in force, in place of the session's former one to the same filter. */
  readonly add: (session: Session, subscription: BrokerSubscription) => void
  /** Ends the session's subscription to the filter; what it holds of a shared group goes to the other members. */
  readonly remove: (session: Session, filter: string) => void
  /** Delivers to every subscriber; says whether there was one. */
  readonly route: (stored: StoredMessage) => boolean
  /** Tells that a member of a shared group may have come or gone. */
  readonly rebalance: () => void
}

/** Routes to the subscriptions that are added. */
export function routing(overlap: Overlap): Routing {
  const subscribers = new TopicTrie<Session>()
  const groups = new TopicTrie<SharedGroup>()
  const groupOf = new Map<string, SharedGroup>()

  const group = (filter: string): SharedGroup => {
    const made = groupOf.get(filter) ?? sharedGroup(filter)
    groupOf.set(filter, made)
    groups.add(filter, made)
    return made
  }

  const deliver = (session: Session, stored: StoredMessage, filters: readonly string[]): boolean => {
    const wanting = [...session.subscriptions.values()].filter(({ filter }) => filters.includes(filter))
    const wanted = wanting.filter(({ noLocal }) => !(noLocal && stored.publisher === session.clientId))
    if (wanted.length === 0) return false
    const copies = overlap === 'each' ? wanted.map((subscription) => [subscription]) : [wanted]
    for (const copy of copies) session.deliver(outboundFor(stored, copy))
    return true
  }

  return {
    add: (session, subscription) => {
      const { filter } = subscription
      if (isSharedFilter(filter)) group(filter).join(session, subscription)
      else subscribers.add(filter, session)
    },
    remove: (session, filter) => {
      subscribers.delete(filter, session)
      const left = groupOf.get(filter)
      left?.leave(session)
      if (left === undefined || !left.isEmpty()) return
      groupOf.delete(filter)
      groups.delete(filter, left)
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
      const asking = groups.matches(topic)
      for (const one of asking) one.share(stored)
      return asking.length > 0 || delivered.includes(true)
    },
    rebalance: () => {
      for (const one of groupOf.values()) one.rebalance()
    },
  }
}
