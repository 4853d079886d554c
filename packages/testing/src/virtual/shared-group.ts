import { outboundFor, type BrokerSubscription, type Outbound, type Session } from './session.js'
import type { StoredMessage } from './stored-message.js'

/** The members of one shared subscription. Each message is delivered to one of them. */
export interface SharedGroup {
  /** Adds a member, or replaces its subscription. */
  readonly setMember: (session: Session, subscription: BrokerSubscription) => void
  /** Removes a member; its messages are delivered to the others, except those sent on its connection. */
  readonly removeMember: (session: Session) => void
  /** Delivers a message to the next online member, or queues it until a member is online. */
  readonly deliver: (stored: StoredMessage) => void
  /** Delivers the pending messages of offline members, and the queued ones, to online members. */
  readonly rebalance: () => void
  readonly isEmpty: () => boolean
}

/** Returns a group without members; `filter` is the complete shared filter. */
export function sharedGroup(filter: string): SharedGroup {
  const members = new Map<Session, BrokerSubscription>()
  /** Former members that may still acknowledge what was sent on their connection. */
  const leaving = new Set<Session>()
  let unassigned: StoredMessage[] = []
  let deliveryCount = 0

  const isOnline = ({ attachment }: Session): boolean => attachment !== undefined
  const deliver = (stored: StoredMessage): void => {
    const online = [...members].filter(([session]) => isOnline(session))
    const chosen = online[deliveryCount++ % online.length]
    if (chosen !== undefined) {
      const [session, subscription] = chosen
      session.deliver({ ...outboundFor(stored, [subscription]), shared: filter })
    } else if (stored.qos > 0 && [...members.values()].some(({ qos }) => qos > 0)) unassigned.push(stored)
  }
  const deliverAll = (outbounds: readonly Outbound[]): void => {
    for (const { stored } of outbounds) deliver(stored)
  }

  return {
    setMember: (session, subscription) => {
      members.set(session, subscription)
    },
    removeMember: (session) => {
      members.delete(session)
      if (isOnline(session)) leaving.add(session)
      deliverAll(session.withdraw(filter))
    },
    deliver,
    rebalance: () => {
      if (![...members.keys()].some(isOnline)) return
      const offline = [...members.keys(), ...leaving].filter((session) => !isOnline(session))
      for (const session of offline) leaving.delete(session)
      deliverAll(offline.flatMap((session) => session.withdraw(filter)))
      const messages = unassigned
      unassigned = []
      for (const stored of messages) deliver(stored)
    },
    isEmpty: () => members.size === 0,
  }
}
