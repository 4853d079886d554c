import type { Grant, OutgoingMessage } from '@antiphon/core'
import { isSharedFilter } from '@antiphon/core/topic'
import type { Published, SessionView, SubscriptionChange, Undo, VirtualBrokerOptions } from './broker.js'
import { everything, filterFault } from './limits.js'
import type { PublishPacket } from './packet.js'
import { retained } from './retained.js'
import { routing } from './routing.js'
import type { Registry } from './server-connection.js'
import { session, type BrokerSubscription, type Session } from './session.js'
import { isExpired, store } from './stored-message.js'

interface Rule {
  readonly on: 'connect' | 'subscribe' | 'publish'
  readonly applies: (subject: string) => boolean
  readonly reasonCode: number
}

/** What the broker behind all connections offers to its own control panel. */
export interface BrokerState extends Registry {
  readonly publish: (message: OutgoingMessage) => number
  readonly disconnect: (
    clientId: string,
    options?: { readonly session?: 'keep' | 'lose'; readonly reasonCode?: number },
  ) => void
  readonly refuse: (on: Rule['on'], applies: Rule['applies'], reasonCode: number) => Undo
  readonly views: () => readonly SessionView[]
  readonly retained: () => readonly OutgoingMessage[]
}

/** What the memory of a broker is made of. */
export interface RegistryOptions extends VirtualBrokerOptions {
  readonly onPublished: (published: Published) => void
  readonly onSubscription: (change: SubscriptionChange) => void
}

/** The broker's memory: sessions, subscriptions, retained messages, and the rules a test laid down. */
export function registry(options: RegistryOptions): BrokerState {
  const { scheduler, overlap = 'once', onPublished, onSubscription } = options
  const limits = { ...everything, ...options.limits }
  const now = (): number => scheduler.now()
  const sessions = new Map<string, Session>()
  const keeping = retained()
  const routes = routing(overlap)
  const rules = new Set<Rule>()

  const refusal = (on: Rule['on'], subject: string): number | undefined =>
    [...rules].find((rule) => rule.on === on && rule.applies(subject))?.reasonCode

  const end = (ended: Session): void => {
    const { clientId } = ended
    sessions.delete(clientId)
    for (const filter of ended.subscriptions.keys()) {
      routes.remove(ended, filter)
      onSubscription({ kind: 'unsubscribed', clientId, filter })
    }
    publishWill(ended)
  }
  /** Sessions end when somebody looks, so that an idle broker holds no timer. */
  const sweep = (): void => {
    for (const each of [...sessions.values()]) if (each.expiresAt <= now()) end(each)
  }

  const take = (message: OutgoingMessage, publisher?: string): number => {
    sweep()
    const refused = refusal('publish', message.topic)
    const reasonCode = refused ?? (distribute(message, publisher) ? 0 : 0x10)
    onPublished({ message, reasonCode, ...(publisher === undefined ? {} : { clientId: publisher }) })
    return reasonCode
  }
  const distribute = (message: OutgoingMessage, publisher?: string): boolean => {
    const stored = store(message, now(), publisher)
    if (message.retain === true) keeping.keep(stored)
    return routes.route(stored)
  }

  const publishWill = (gone: Session): void => {
    const { will, clientId } = gone
    if (will === undefined || gone.attachment !== undefined) return
    gone.will = undefined
    const { delay: _, ...message } = will
    take(message, clientId)
  }

  const leave: Registry['leave'] = (left, from, isFarewell) => {
    if (left.attachment !== from) return
    left.attachment = undefined
    const expiry = expiries.get(left) ?? 0
    left.expiresAt = expiry === Infinity ? Infinity : now() + expiry * 1000
    // A farewell deletes the will [MQTT-3.14.4-3].
    if (isFarewell) left.will = undefined
    const { will } = left
    if (will !== undefined && will.delay !== undefined && will.delay > 0)
      scheduler.schedule(
        () => {
          if (left.will === will) publishWill(left)
        },
        Math.min(will.delay, expiry) * 1000,
      )
    else publishWill(left)
    if (expiry === 0) end(left)
    else routes.rebalance()
  }
  const expiries = new WeakMap<Session, number>()

  const admit: Registry['admit'] = (connect, attachment) => {
    sweep()
    const { clientId, clean, protocolVersion, sessionExpiry, will } = connect
    const refused = refusal('connect', clientId)
    if (refused !== undefined) return refused
    // A second connection of one client ends the first [MQTT-3.1.4-3].
    sessions.get(clientId)?.attachment?.expel(0x8e)
    const known = sessions.get(clientId)
    if (known !== undefined && clean) end(known)
    const present = clean ? undefined : known
    const admitted = present ?? session(clientId, now)
    sessions.set(clientId, admitted)
    expiries.set(admitted, sessionExpiry)
    admitted.attachment = attachment
    admitted.expiresAt = Infinity
    admitted.will = will
    const grant: Grant = { ...limits, protocolVersion, clientId, sessionPresent: present !== undefined }
    return {
      session: admitted,
      grant: protocolVersion === 4 ? plain(grant) : grant,
      afterwards: routes.rebalance,
    }
  }

  const accept = ({ message, qos, retain }: PublishPacket, { clientId }: Session): number =>
    take({ ...message, qos, retain }, clientId)

  const subscribe: Registry['subscribe'] = ({ requests, subscriptionIdentifier }, present) => {
    const afterwards: (() => void)[] = []
    const reasonCodes = requests.map((request) => {
      const { filter, qos, retainHandling } = request
      const refused = filterFault(request, limits) ?? refusal('subscribe', filter)
      if (refused !== undefined) return refused
      const granted = qos < limits.maximumQoS ? qos : limits.maximumQoS
      const isNew = !present.subscriptions.has(filter)
      const identified = subscriptionIdentifier === undefined ? {} : { identifier: subscriptionIdentifier }
      const subscription: BrokerSubscription = { ...request, ...identified, qos: granted }
      present.subscriptions.set(filter, subscription)
      routes.add(present, subscription)
      if (isNew) onSubscription({ kind: 'subscribed', clientId: present.clientId, filter })
      const isReplayed = retainHandling === 0 || (retainHandling === 1 && isNew)
      if (isReplayed && !isSharedFilter(filter)) afterwards.push(() => replay(present, subscription))
      return granted
    })
    afterwards.push(routes.rebalance)
    return { reasonCodes, afterwards: () => afterwards.forEach((act) => act()) }
  }
  const replay = (present: Session, { filter, qos, identifier }: BrokerSubscription): void => {
    for (const stored of keeping.matching(filter, now()))
      present.deliver({
        stored,
        qos: qos < stored.qos ? qos : stored.qos,
        retain: true,
        identifiers: identifier === undefined ? [] : [identifier],
      })
  }

  const unsubscribe: Registry['unsubscribe'] = ({ filters }, present) =>
    filters.map((filter) => {
      const isKnown = present.subscriptions.delete(filter)
      if (isKnown) {
        routes.remove(present, filter)
        onSubscription({ kind: 'unsubscribed', clientId: present.clientId, filter })
      }
      return isKnown ? 0 : 0x11
    })

  const disconnect: BrokerState['disconnect'] = (clientId, { session: fate = 'keep', reasonCode } = {}) => {
    const target = sessions.get(clientId)
    if (reasonCode === undefined) target?.attachment?.cut()
    else target?.attachment?.expel(reasonCode)
    const remembered = sessions.get(clientId)
    if (fate === 'lose' && remembered !== undefined) end(remembered)
  }

  const view = ({ clientId, attachment, subscriptions, unacknowledged, queued }: Session): SessionView => ({
    clientId,
    isConnected: attachment !== undefined,
    subscriptions: [...subscriptions.values()],
    unacknowledged: unacknowledged().map(({ message }) => message),
    queued: queued()
      .filter((stored) => !isExpired(stored, now()))
      .map(({ message }) => message),
  })

  return {
    limits,
    admit,
    accept,
    subscribe,
    unsubscribe,
    leave,
    publish: (message) => take(message),
    disconnect,
    refuse: (on, applies, reasonCode) => {
      const rule: Rule = { on, applies, reasonCode }
      rules.add(rule)
      return () => rules.delete(rule)
    },
    views: () => {
      sweep()
      return [...sessions.values()].map(view)
    },
    retained: () => keeping.matching('#', now()).map(({ message }) => message),
  }
}

/** What MQTT 3.1.1 leaves of a grant: it names no limit, and has no shared subscriptions in the norm. */
function plain(grant: Grant): Grant {
  const { responseInformation: _, ...rest } = grant
  return { ...rest, receiveMaximum: 65_535, maximumPacketSize: Infinity, subscriptionIdentifiers: false }
}
