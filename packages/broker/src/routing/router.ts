import { TopicTrie, isSharedFilter } from '@antiphon/core/topic'
import type { QoS } from '@antiphon/core'
import { Reason, type RequestedSubscription } from '@antiphon/packet'
import type { Publication } from '../packet/publication.js'
import type { Session } from '../session/session.js'
import { deliver, deliverToMember, type DeliveryPolicy } from './deliver.js'
import { SharedGroup } from '../session/shared-group.js'
import type { Route, SessionSubscription } from '../session/session-subscription.js'

/** Whether overlapping subscriptions of a session get one copy of a message together, or one each [MQTT-3.3.4-2]. */
export type Overlap = 'once' | 'each'

/** How a router works. */
export interface RouterOptions {
  /** What a shared subscription does while none of its members is connected. */
  readonly sharedOffline: 'skip' | 'queue'
  readonly overlap: Overlap
  /** Which sessions may receive which messages; `undefined` if all may receive all. */
  readonly policy: DeliveryPolicy | undefined
  /** Called when a subscription begins or ends, but not when it is replaced. */
  readonly changed: ((change: SubscriptionChange) => void) | undefined
}

/** The start or end of a subscription. */
export interface SubscriptionChange {
  readonly kind: 'subscribed' | 'unsubscribed'
  readonly clientId: string
  /** The Topic Filter as the client sent it, including `$share`. */
  readonly filter: string
}

/** The subscriptions of all sessions, by which messages are routed to their receivers. */
export class Router {
  readonly #trie = new TopicTrie<Route>()
  readonly #groups = new Map<string, SharedGroup>()
  readonly #options: RouterOptions
  #count = 0
  #stamp = 0
  #lastOrder = 0
  /**
   * The message being routed and its receivers. Fields, because routing calls no observer and, without a policy, no hook: it
   * is never re-entered.
   */
  #publication: Publication | null = null
  readonly #sessions: Session[] = []
  readonly #shared: SharedGroup[] = []
  /** With overlap `each`, the subscriptions that get a copy. */
  readonly #each: SessionSubscription[] = []
  readonly #addRoute: (route: Route) => void

  constructor(options: RouterOptions) {
    this.#options = options
    this.#addRoute = options.overlap === 'each' ? this.#addEach : this.#addOnce
  }

  get subscriptionCount(): number {
    return this.#count
  }

  /** Subscribes a session, or changes its subscription to the same filter without a gap [MQTT-3.8.4-3]. */
  subscribe(
    session: Session,
    requested: RequestedSubscription,
    qos: QoS,
    identifier: number | undefined,
  ): SessionSubscription {
    const { filter, noLocal, retainAsPublished, retainHandling } = requested
    const options = {
      qos,
      noLocal,
      retainAsPublished,
      retainHandling,
      identifiers: identifier === undefined ? null : [identifier],
    }
    const existing = session.subscriptionMap.get(filter)
    if (existing !== undefined) return Object.assign(existing, options)
    const group = this.#groupOf(filter)
    const subscription: SessionSubscription = { session, filter, group, order: ++this.#lastOrder, ...options }
    if (group === null) this.#trie.add(filter, subscription)
    else group.add(subscription)
    session.addSubscription(subscription)
    this.#count++
    this.#options.changed?.({ kind: 'subscribed', clientId: session.clientId, filter })
    return subscription
  }

  /** Removes a subscription; returns `false` if it does not exist. */
  unsubscribe(session: Session, filter: string): boolean {
    const subscription = session.subscriptions?.get(filter)
    if (subscription === undefined) return false
    session.removeSubscription(filter)
    session.outbound.endReplay(filter)
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
    this.#options.changed?.({ kind: 'unsubscribed', clientId: session.clientId, filter })
    return true
  }

  /** Delivers a message to all subscribers; returns success, or why no subscriber accepted it, as a reason code. */
  route(publication: Publication): number {
    const sessions = this.#sessions
    const shared = this.#shared
    const each = this.#each
    this.#publication = publication
    this.#stamp++
    this.#trie.match(publication.topic, this.#addRoute)
    const { policy } = this.#options
    if (policy !== undefined) return this.#routeAllowed(publication, policy)
    let isMatched = sessions.length + each.length > 0
    publication.beginRouting()
    let isAccepted = false
    for (const session of sessions) {
      // Overlapping subscriptions make one copy at the highest QoS [MQTT-3.3.4-2], with all their identifiers
      // [MQTT-3.3.4-4].
      if (
        deliver(session, publication, session.routeQoS, session.routeRetain, session.routeIdentifiers, null)
      )
        isAccepted = true
    }
    if (each.length > 0) each.sort((one, other) => one.order - other.order)
    for (const { session, qos, retainAsPublished, identifiers } of each) {
      const retain = publication.retain && retainAsPublished
      if (deliver(session, publication, qos, retain, identifiers, null)) isAccepted = true
    }
    for (const group of shared) {
      const isAcceptedByMember = deliverToMember(group, publication, undefined)
      if (isAcceptedByMember !== undefined) isMatched = true
      if (isAcceptedByMember === true) isAccepted = true
    }
    publication.endRouting()
    this.#clear()
    return toOutcome(isMatched, isAccepted)
  }

  /**
   * Delivers a message to the receivers that were collected and may receive it. Copies them first: the hook may publish,
   * which routes another message.
   */
  #routeAllowed(publication: Publication, policy: DeliveryPolicy): number {
    const once = this.#sessions.map((session) => ({
      session,
      qos: session.routeQoS,
      retain: session.routeRetain,
      identifiers: session.routeIdentifiers,
    }))
    const each = this.#each
      .sort((one, other) => one.order - other.order)
      .map((route) => ({ ...route, retain: publication.retain && route.retainAsPublished }))
    const shared = [...this.#shared]
    this.#clear()
    publication.beginRouting()
    let isMatched = false
    let isAccepted = false
    for (const { session, qos, retain, identifiers } of [...once, ...each]) {
      if (!policy.rights.allows(session, publication)) {
        policy.refused(session, publication)
        continue
      }
      // The hook may have ended the session.
      if (session.isEnded) continue
      isMatched = true
      if (deliver(session, publication, qos, retain, identifiers, null)) isAccepted = true
    }
    for (const group of shared) {
      const isAcceptedByMember = deliverToMember(group, publication, policy)
      if (isAcceptedByMember !== undefined) isMatched = true
      if (isAcceptedByMember === true) isAccepted = true
    }
    publication.endRouting()
    return toOutcome(isMatched, isAccepted)
  }

  #clear(): void {
    this.#sessions.length = this.#shared.length = this.#each.length = 0
    this.#publication = null
  }

  /**
   * Returns the maximum QoS and all Subscription Identifiers of a session's subscriptions to a topic; `undefined` if
   * it has none.
   */
  subscriptionOf(
    session: Session,
    topic: string,
  ): { readonly qos: QoS; readonly identifiers: readonly number[] | null } | undefined {
    const matching: SessionSubscription[] = []
    this.#trie.match(topic, (route) => {
      if (!(route instanceof SharedGroup) && route.session === session) matching.push(route)
    })
    if (matching.length === 0) return undefined
    const identifiers = matching.flatMap((subscription) => subscription.identifiers ?? [])
    const qos = Math.max(...matching.map((subscription) => subscription.qos)) as QoS
    return { qos, identifiers: identifiers.length === 0 ? null : identifiers }
  }

  /**
   * Moves the unacknowledged shared messages of a disconnected session to other connected members, if there are any.
   */
  redispatch(session: Session): void {
    this.#moveShared(session, (group) => group.hasOtherConnected(session))
  }

  /**
   * Moves the unacknowledged shared messages of a session that ends to other members, connected or not, if there are
   * any.
   */
  handOver(session: Session): void {
    this.#moveShared(session, (group) => group.hasOtherReceiver(session))
  }

  #moveShared(session: Session, hasToMove: (group: SharedGroup) => boolean): void {
    for (const { group, publication } of session.outbound.takeShared(hasToMove))
      if (group !== null) deliverToMember(group, publication, this.#options.policy, session)
  }

  /** Gives a message of a shared subscription to another member than `session`, which may not receive it. */
  passOn(group: SharedGroup, publication: Publication, session: Session): void {
    deliverToMember(group, publication, this.#options.policy, session)
  }

  /** Moves the messages of a group's disconnected members to a member that has connected. */
  collectFromOffline(group: SharedGroup): void {
    for (const session of group.sessions) {
      if (session.peer !== null) continue
      const messages = session.outbound.takeShared((candidate) => candidate === group)
      for (const { publication } of messages)
        deliverToMember(group, publication, this.#options.policy, session)
    }
  }

  #groupOf(filter: string): SharedGroup | null {
    if (!isSharedFilter(filter)) return null
    let group = this.#groups.get(filter)
    if (group === undefined) {
      group = new SharedGroup(filter, this.#options.sharedOffline === 'queue')
      this.#groups.set(filter, group)
      this.#trie.add(filter, group)
    }
    return group
  }

  readonly #addOnce = (route: Route): void => {
    if (route instanceof SharedGroup) {
      this.#shared.push(route)
      return
    }
    const { session } = route
    const publication = this.#publication as Publication
    if (route.noLocal && session.clientId === publication.publisherId) return // [MQTT-3.8.3-3]
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
      const identifiers = [...(session.routeIdentifiers ?? []), ...route.identifiers]
      session.routeIdentifiers = identifiers.sort((one, other) => one - other)
    }
  }

  readonly #addEach = (route: Route): void => {
    if (route instanceof SharedGroup) this.#shared.push(route)
    else if (!route.noLocal || route.session.clientId !== this.#publication?.publisherId)
      this.#each.push(route) // [MQTT-3.8.3-3]
  }
}

/** Returns the reason code for the publisher of a message. */
function toOutcome(isMatched: boolean, isAccepted: boolean): number {
  if (isAccepted) return Reason.success
  return isMatched ? Reason.quotaExceeded : Reason.noMatchingSubscribers
}
