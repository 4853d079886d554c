import { outboundFor, type BrokerSubscription, type Outbound, type Session } from './session.js'
import type { StoredMessage } from './stored-message.js'

/** The members of one shared subscription, who share its messages between them. */
export interface SharedGroup {
  /** Takes a member in, or its new subscription. */
  readonly join: (session: Session, subscription: BrokerSubscription) => void
  /** Lets a member go; what it holds goes to the others. */
  readonly leave: (session: Session) => void
  /** Gives a message to the next member that is there, or keeps it for the first that comes. */
  readonly share: (stored: StoredMessage) => void
  /** Gives what absent members hold, and what was kept, to those who are there. */
  readonly rebalance: () => void
  readonly isEmpty: () => boolean
}

/** A group without members; `filter` is the whole of its shared filter. */
export function sharedGroup(filter: string): SharedGroup {
  const members = new Map<Session, BrokerSubscription>()
  let kept: StoredMessage[] = []
  let turn = 0

  const isPresent = ({ attachment }: Session): boolean => attachment !== undefined
  const share = (stored: StoredMessage): void => {
    const present = [...members].filter(([session]) => isPresent(session))
    const chosen = present[turn++ % present.length]
    if (chosen !== undefined) {
      const [session, subscription] = chosen
      session.deliver({ ...outboundFor(stored, [subscription]), shared: filter })
    } else if (stored.qos > 0 && [...members.values()].some(({ qos }) => qos > 0)) kept.push(stored)
  }
  const shareAll = (outbounds: readonly Outbound[]): void => {
    for (const { stored } of outbounds) share(stored)
  }

  return {
    join: (session, subscription) => {
      members.set(session, subscription)
    },
    leave: (session) => {
      members.delete(session)
      shareAll(session.withdraw(filter))
    },
    share,
    rebalance: () => {
      if (![...members.keys()].some(isPresent)) return
      const absent = [...members.keys()].filter((session) => !isPresent(session))
      shareAll(absent.flatMap((session) => session.withdraw(filter)))
      const waiting = kept
      kept = []
      for (const stored of waiting) share(stored)
    },
    isEmpty: () => members.size === 0,
  }
}
