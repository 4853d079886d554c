import type { ConnectionInfo, OutgoingMessage } from '@antiphon/core'
import { isSharedFilter } from '@antiphon/core/topic'
import type { Published, SessionView, SubscriptionChange, Undo, VirtualBrokerOptions } from './broker.js'
import { defaultLimits, filterFault } from './broker-limits.js'
import type { PublishPacket } from './packet.js'
import { retainedMessages } from './retained-messages.js'
import { makeRouting } from './routing.js'
import type { BrokerOperations } from './server-connection.js'
import { makeSession, type BrokerSubscription, type Session } from './session.js'
import { isExpired, toStoredMessage } from './stored-message.js'

/** A rule of a test by which the broker refuses packets. */
interface RefusalRule {
  readonly on: 'connect' | 'subscribe' | 'publish'
  readonly applies: (subject: string) => boolean
  readonly reasonCode: number
}

/** The state of a broker with the operations of `VirtualBroker`. */
export interface BrokerState extends BrokerOperations {
  readonly publish: (message: OutgoingMessage) => number
  readonly disconnect: (
    clientId: string,
    options?: { readonly session?: 'keep' | 'lose'; readonly reasonCode?: number },
  ) => void
  readonly refuse: (on: RefusalRule['on'], applies: RefusalRule['applies'], reasonCode: number) => Undo
  readonly views: () => readonly SessionView[]
  readonly retained: () => readonly OutgoingMessage[]
}

/** The options of `brokerState`. */
export interface BrokerStateOptions extends VirtualBrokerOptions {
  readonly onPublished: (published: Published) => void
  readonly onSubscription: (change: SubscriptionChange) => void
}

/** Returns the state of a broker: its sessions, subscriptions, retained messages and refusal rules. */
export function brokerState(options: BrokerStateOptions): BrokerState {
  const { scheduler, overlap = 'once', onPublished, onSubscription } = options
  const limits = { ...defaultLimits, ...options.limits }
  const now = (): number => scheduler.now()
  const sessions = new Map<string, Session>()
  const retained = retainedMessages()
  const routing = makeRouting(overlap)
  const rules = new Set<RefusalRule>()

  const refusalCode = (on: RefusalRule['on'], subject: string): number | undefined =>
    [...rules].find((rule) => rule.on === on && rule.applies(subject))?.reasonCode

  const endSession = (session: Session): void => {
    const { clientId } = session
    sessions.delete(clientId)
    for (const filter of session.subscriptions.keys()) {
      routing.remove(session, filter)
      onSubscription({ kind: 'unsubscribed', clientId, filter })
    }
    publishWill(session)
  }
  /** Sessions expire on the next operation, so that an idle broker needs no timer. */
  const endExpiredSessions = (): void => {
    for (const session of [...sessions.values()]) if (session.expiresAt <= now()) endSession(session)
  }

  const publish = (message: OutgoingMessage, publisher?: string): number => {
    endExpiredSessions()
    const refusedCode = refusalCode('publish', message.topic)
    const reasonCode = refusedCode ?? (distribute(message, publisher) ? 0 : 0x10)
    onPublished({ message, reasonCode, ...(publisher === undefined ? {} : { clientId: publisher }) })
    return reasonCode
  }
  const distribute = (message: OutgoingMessage, publisher?: string): boolean => {
    const stored = toStoredMessage(message, now(), publisher)
    if (message.retain === true) retained.set(stored)
    return routing.route(stored)
  }

  const publishWill = (session: Session): void => {
    const { will, clientId } = session
    if (will === undefined || session.attachment !== undefined) return
    session.will = undefined
    const { willDelayInterval: _, ...message } = will
    publish(message, clientId)
  }

  const connectionClosed: BrokerOperations['connectionClosed'] = (
    session,
    attachment,
    isNormalDisconnect,
  ) => {
    if (session.attachment !== attachment) return
    session.attachment = undefined
    const expiryInterval = expiryIntervals.get(session) ?? 0
    session.expiresAt = expiryInterval === Infinity ? Infinity : now() + expiryInterval * 1000
    // A normal DISCONNECT deletes the Will [MQTT-3.14.4-3].
    if (isNormalDisconnect) session.will = undefined
    const { will } = session
    if (will !== undefined && will.willDelayInterval !== undefined && will.willDelayInterval > 0)
      scheduler.schedule(
        () => {
          if (session.will === will) publishWill(session)
        },
        Math.min(will.willDelayInterval, expiryInterval) * 1000,
      )
    else publishWill(session)
    if (expiryInterval === 0) endSession(session)
    routing.rebalance()
  }
  const expiryIntervals = new WeakMap<Session, number>()

  const connect: BrokerOperations['connect'] = (packet, attachment) => {
    endExpiredSessions()
    const { clientId, clean, protocolVersion, sessionExpiryInterval, will } = packet
    const refusedCode = refusalCode('connect', clientId)
    if (refusedCode !== undefined) return refusedCode
    // A second connection of a client closes the first [MQTT-3.1.4-3].
    sessions.get(clientId)?.attachment?.disconnect(0x8e)
    const former = sessions.get(clientId)
    if (former !== undefined && clean) endSession(former)
    const resumed = clean ? undefined : former
    const session = resumed ?? makeSession(clientId, now)
    sessions.set(clientId, session)
    expiryIntervals.set(session, sessionExpiryInterval)
    session.attachment = attachment
    session.expiresAt = Infinity
    session.will = will
    const info: ConnectionInfo = {
      ...limits,
      protocolVersion,
      clientId,
      sessionPresent: resumed !== undefined,
      ...(sessionExpiryInterval > 0 && { isSessionKept: true }),
    }
    return {
      session,
      info: protocolVersion === 4 ? toVersion4Info(info) : info,
      afterwards: routing.rebalance,
    }
  }

  const publishFrom = ({ message, qos, retain }: PublishPacket, { clientId }: Session): number =>
    publish({ ...message, qos, retain }, clientId)

  const subscribe: BrokerOperations['subscribe'] = ({ requests, subscriptionIdentifier }, session) => {
    const afterwards: (() => void)[] = []
    const reasonCodes = requests.map((request) => {
      const { filter, qos, retainHandling } = request
      const refusedCode = filterFault(request, limits) ?? refusalCode('subscribe', filter)
      if (refusedCode !== undefined) return refusedCode
      const granted = qos < limits.maximumQoS ? qos : limits.maximumQoS
      const isNew = !session.subscriptions.has(filter)
      const identified = subscriptionIdentifier === undefined ? {} : { identifier: subscriptionIdentifier }
      const subscription: BrokerSubscription = { ...request, ...identified, qos: granted }
      session.subscriptions.set(filter, subscription)
      routing.add(session, subscription)
      if (isNew) onSubscription({ kind: 'subscribed', clientId: session.clientId, filter })
      const isReplayed = retainHandling === 0 || (retainHandling === 1 && isNew)
      if (isReplayed && !isSharedFilter(filter)) afterwards.push(() => replay(session, subscription))
      return granted
    })
    afterwards.push(routing.rebalance)
    return { reasonCodes, afterwards: () => afterwards.forEach((run) => run()) }
  }
  const replay = (session: Session, { filter, qos, identifier }: BrokerSubscription): void => {
    for (const stored of retained.matching(filter, now()))
      session.deliver({
        stored,
        qos: qos < stored.qos ? qos : stored.qos,
        retain: true,
        identifiers: identifier === undefined ? [] : [identifier],
      })
  }

  const unsubscribe: BrokerOperations['unsubscribe'] = ({ filters }, session) =>
    filters.map((filter) => {
      const wasSubscribed = session.subscriptions.delete(filter)
      if (wasSubscribed) {
        routing.remove(session, filter)
        onSubscription({ kind: 'unsubscribed', clientId: session.clientId, filter })
      }
      return wasSubscribed ? 0 : 0x11
    })

  const disconnect: BrokerState['disconnect'] = (
    clientId,
    { session: sessionAfter = 'keep', reasonCode } = {},
  ) => {
    const target = sessions.get(clientId)
    if (reasonCode === undefined) target?.attachment?.cut()
    else target?.attachment?.disconnect(reasonCode)
    const session = sessions.get(clientId)
    if (sessionAfter === 'lose' && session !== undefined) endSession(session)
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
    connect,
    publishFrom,
    subscribe,
    unsubscribe,
    connectionClosed,
    publish: (message) => publish(message),
    disconnect,
    refuse: (on, applies, reasonCode) => {
      const rule: RefusalRule = { on, applies, reasonCode }
      rules.add(rule)
      return () => rules.delete(rule)
    },
    views: () => {
      endExpiredSessions()
      return [...sessions.values()].map(view)
    },
    retained: () => retained.matching('#', now()).map(({ message }) => message),
  }
}

/** Returns the connection info of MQTT 3.1.1, whose CONNACK has no limits. */
function toVersion4Info(info: ConnectionInfo): ConnectionInfo {
  const { responseInformation: _, ...rest } = info
  return { ...rest, receiveMaximum: 65_535, maximumPacketSize: Infinity, subscriptionIdentifiers: false }
}
