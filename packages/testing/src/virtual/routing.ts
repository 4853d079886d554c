import type { QoS } from '@antiphon/core'
import { matches, sharedFilter } from './filter.js'
import type { BrokerSubscription, Outbound, Session } from './session.js'
import type { StoredMessage } from './stored-message.js'

/** How a message that several subscriptions of one client ask for is sent: one copy, or one for each. */
export type Overlap = 'once' | 'each'

/** The part of a broker that knows who gets a message. */
export interface Routing {
  /** Delivers to every subscriber; says whether there was one. */
  readonly route: (stored: StoredMessage) => boolean
  /** Tells that a member came or went: what an absent one holds goes to a present one. */
  readonly rebalance: () => void
  /** Tells that `session` ended, or left `filters`: what it holds of shared groups goes to their other members. */
  readonly inherit: (session: Session, filters: Iterable<string>) => void
}

interface Member {
  readonly session: Session
  readonly subscription: BrokerSubscription
}

/** Routes over the sessions in `sessions`, always as they are now. */
export function routing(sessions: ReadonlyMap<string, Session>, overlap: Overlap): Routing {
  const turns = new Map<string, number>()
  const backlogs = new Map<string, Outbound[]>()

  const everyMember = function* (): Generator<Member> {
    for (const session of sessions.values())
      for (const subscription of session.subscriptions.values()) yield { session, subscription }
  }

  const sharedMembers = (): ReadonlyMap<string, readonly Member[]> => {
    const groups = new Map<string, Member[]>()
    for (const member of everyMember()) {
      const { filter } = member.subscription
      if (sharedFilter(filter) === undefined) continue
      const group = groups.get(filter)
      if (group === undefined) groups.set(filter, [member])
      else group.push(member)
    }
    return groups
  }

  const present = (members: readonly Member[]): readonly Member[] =>
    members.filter(({ session }) => session.attachment !== undefined)

  const routeShared = (filter: string, members: readonly Member[], stored: StoredMessage): void => {
    const candidates = present(members)
    const turn = turns.get(filter) ?? 0
    turns.set(filter, turn + 1)
    const chosen = candidates[turn % candidates.length]
    if (chosen !== undefined) {
      chosen.session.deliver({ ...outbound(stored, [chosen.subscription]), shared: filter })
      return
    }
    const [first] = members
    if (first === undefined) return
    const waiting: Outbound = { ...outbound(stored, [first.subscription]), shared: filter }
    if (waiting.qos > 0) backlogs.set(filter, [...(backlogs.get(filter) ?? []), waiting])
  }

  const rebalance = (): void => {
    const groups = sharedMembers()
    for (const filter of backlogs.keys()) if (!groups.has(filter)) backlogs.delete(filter)
    for (const [filter, members] of groups) {
      const candidates = present(members)
      if (candidates.length === 0) continue
      const absent = members.filter(({ session }) => session.attachment === undefined)
      const orphans = absent.flatMap(({ session }) => session.withdraw(filter))
      const backlog = backlogs.get(filter) ?? []
      backlogs.delete(filter)
      for (const { stored } of [...orphans, ...backlog]) routeShared(filter, members, stored)
    }
  }

  const inherit = (session: Session, filters: Iterable<string>): void => {
    for (const filter of filters)
      for (const { stored } of session.withdraw(filter))
        routeShared(filter, sharedMembers().get(filter) ?? [], stored)
  }

  const route = (stored: StoredMessage): boolean => {
    const { topic } = stored.message
    let isWanted = false
    for (const session of sessions.values()) {
      const wanting = [...session.subscriptions.values()].filter(
        ({ filter, noLocal }) =>
          sharedFilter(filter) === undefined &&
          matches(filter, topic) &&
          !(noLocal && stored.publisher === session.clientId),
      )
      if (wanting.length === 0) continue
      isWanted = true
      const copies = overlap === 'each' ? wanting.map((subscription) => [subscription]) : [wanting]
      for (const copy of copies) session.deliver(outbound(stored, copy))
    }
    for (const [filter, members] of sharedMembers()) {
      const proper = sharedFilter(filter)?.filter
      if (proper === undefined || !matches(proper, topic)) continue
      isWanted = true
      routeShared(filter, members, stored)
    }
    return isWanted
  }

  return { route, rebalance, inherit }
}

/** A live message for the subscriptions of one client that ask for it, at the highest QoS of them [MQTT-3.3.4-2]. */
function outbound(stored: StoredMessage, subscriptions: readonly BrokerSubscription[]): Outbound {
  const highest = Math.max(...subscriptions.map(({ qos }) => qos))
  return {
    stored,
    qos: Math.min(highest, stored.qos) as QoS,
    retain:
      stored.message.retain === true && subscriptions.some(({ retainAsPublished }) => retainAsPublished),
    identifiers: subscriptions.flatMap(({ identifier }) => (identifier === undefined ? [] : [identifier])),
  }
}
