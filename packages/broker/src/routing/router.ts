import { TopicTrie, isSharedFilter } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import type { Publication } from '../packet/publication.js'
import { Reason } from '../packet/reason.js'
import type { SubscribeLine } from '../packet/subscribe.js'
import type { Session } from '../session/session.js'
import { SharedGroup } from './shared-group.js'
import type { Route, SessionSubscription } from './session-subscription.js'

/** Finds the receivers of every message. */
export class Router {
  readonly #trie = new TopicTrie<Route>()
  readonly #groups = new Map<string, SharedGroup>()
  readonly #queuesOffline: boolean
  #count = 0
  #stamp = 0
  /** The message being routed and its receivers. Shared by all calls: routing calls no observer, so it is not re-entered. */
  #publication: Publication | null = null
  readonly #sessions: Session[] = []
  readonly #shared: SharedGroup[] = []

  constructor(sharedOffline: 'skip' | 'queue') {
    this.#queuesOffline = sharedOffline === 'queue'
  }

  get subscriptionCount(): number {
    return this.#count
  }

  /** Subscribes a session, or changes its subscription to the same filter without a gap [MQTT-3.8.4-3]. */
  subscribe(
    session: Session,
    line: SubscribeLine,
    qos: QoS,
    identifier: number | undefined,
  ): SessionSubscription {
    const { filter, noLocal, retainAsPublished } = line
    const options = {
      qos,
      noLocal,
      retainAsPublished,
      identifiers: identifier === undefined ? null : [identifier],
    }
    const existing = session.subscriptionMap.get(filter)
    if (existing !== undefined) return Object.assign(existing, options)
    const group = this.#groupOf(filter)
    const subscription: SessionSubscription = { session, filter, group, ...options }
    if (group === null) this.#trie.add(filter, subscription)
    else group.add(subscription)
    ;(session.subscriptions ??= new Map()).set(filter, subscription)
    this.#count++
    return subscription
  }

  /** Ends a subscription; `false` when there was none. */
  unsubscribe(session: Session, filter: string): boolean {
    const subscription = session.subscriptions?.get(filter)
    if (subscription === undefined) return false
    session.subscriptions?.delete(filter)
    session.downlink.endReplay(filter)
    this.#count--
    const { group } = subscription
    if (group === null) {
      this.#trie.delete(filter, subscription)
    } else {
      group.remove(subscription)
      if (group.size === 0) {
        this.#groups.delete(filter)
        this.#trie.delete(filter, group)
      }
    }
    return true
  }

  /** Hands a message to everyone subscribed, and tells by reason code whether anyone was. */
  route(publication: Publication): number {
    const sessions = this.#sessions
    const shared = this.#shared
    this.#publication = publication
    this.#stamp++
    this.#trie.match(publication.topic, this.#visit)
    let isMatched = sessions.length > 0
    publication.beginRouting()
    let isTaken = false
    for (const session of sessions) {
      // Overlapping subscriptions make one copy at the highest QoS [MQTT-3.3.4-2], with all their identifiers [MQTT-3.3.4-4].
      if (hand(session, publication, session.routeQoS, session.routeRetain, session.routeIdentifiers, null))
        isTaken = true
    }
    for (const group of shared) {
      const isHanded = handToMember(group, publication)
      if (isHanded !== undefined) isMatched = true
      if (isHanded === true) isTaken = true
    }
    publication.endRouting()
    sessions.length = shared.length = 0
    this.#publication = null
    return isTaken ? Reason.success : isMatched ? Reason.quotaExceeded : Reason.noMatchingSubscribers
  }

  /** How one session is subscribed to a topic, over all its overlapping filters; `undefined` when it is not. */
  subscriptionOf(
    session: Session,
    topic: string,
  ): { readonly qos: QoS; readonly identifiers: readonly number[] | null } | undefined {
    const own: SessionSubscription[] = []
    this.#trie.match(topic, (route) => {
      if (!(route instanceof SharedGroup) && route.session === session) own.push(route)
    })
    if (own.length === 0) return undefined
    const identifiers = own.flatMap((subscription) => subscription.identifiers ?? [])
    const qos = Math.max(...own.map((subscription) => subscription.qos)) as QoS
    return { qos, identifiers: identifiers.length === 0 ? null : identifiers }
  }

  /** What shared subscriptions gave to a lost connection goes to other members who are connected, where there are any. */
  redispatch(lost: Session): void {
    const moved = lost.downlink.surrender((group) => group.hasOther(lost))
    for (const { group, publication } of moved) if (group !== null) handToMember(group, publication, lost)
  }

  /** What a group's absent members hold goes to one who has come. */
  collect(group: SharedGroup): void {
    for (const session of group.sessions) {
      if (session.peer !== null) continue
      const moved = session.downlink.surrender((candidate) => candidate === group)
      for (const { publication } of moved) handToMember(group, publication, session)
    }
  }

  #groupOf(filter: string): SharedGroup | null {
    if (!isSharedFilter(filter)) return null
    let group = this.#groups.get(filter)
    if (group === undefined) {
      group = new SharedGroup(filter, this.#queuesOffline)
      this.#groups.set(filter, group)
      this.#trie.add(filter, group)
    }
    return group
  }

  readonly #visit = (route: Route): void => {
    if (route instanceof SharedGroup) {
      this.#shared.push(route)
      return
    }
    const { session } = route
    const publication = this.#publication as Publication
    if (route.noLocal && session.clientId === publication.publisher) return // [MQTT-3.8.3-3]
    const retain = publication.retain && route.retainAsPublished // [MQTT-3.3.1-12/13]
    if (session.routeStamp !== this.#stamp) {
      session.routeStamp = this.#stamp
      session.routeQoS = route.qos
      session.routeRetain = retain
      session.routeIdentifiers = route.identifiers
      this.#sessions.push(session)
      return
    }
    if (route.qos > session.routeQoS) session.routeQoS = route.qos
    if (retain) session.routeRetain = true
    if (route.identifiers !== null) {
      session.routeIdentifiers = [...(session.routeIdentifiers ?? []), ...route.identifiers]
    }
  }
}

function hand(
  session: Session,
  publication: Publication,
  maximumQoS: QoS,
  retain: boolean,
  identifiers: readonly number[] | null,
  group: SharedGroup | null,
): boolean {
  const qos = publication.qos < maximumQoS ? publication.qos : maximumQoS
  if (qos > 0)
    return session.downlink.deliver(publication, { qos, retain, identifiers, group, tracker: null })
  session.downlink.deliverAtMostOnce(publication, retain, identifiers)
  return true
}

/** Gives a message to one member, at the QoS granted to it [MQTT-4.8.2-3]; `undefined` when nobody is there. */
function handToMember(group: SharedGroup, publication: Publication, except?: Session): boolean | undefined {
  const member = group.pick(publication, except)
  if (member === undefined) return undefined
  const retain = publication.retain && member.retainAsPublished
  return hand(member.session, publication, member.qos, retain, member.identifiers, group)
}
