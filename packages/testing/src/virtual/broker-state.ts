import {
  createBrokerEngine,
  type BrokerEngine,
  type EngineConnection,
  type EnginePeer,
} from '@antiphon/broker/engine'
import type { ConnectionInfo, OutgoingMessage } from '@antiphon/core'
import type { ConnectPacket, PublishPacket, Will } from '../connection/packet.js'
import type { Undo } from '../faults/fault.js'
import type { Published, SessionView, VirtualBrokerLimits, VirtualBrokerOptions } from './broker.js'
import { defaultLimits, filterFault } from './broker-limits.js'
import { expiryDeadlines } from './expiry-deadlines.js'

/** A rule of a test by which the broker refuses packets. */
interface RefusalRule {
  readonly on: 'connect' | 'subscribe' | 'publish'
  readonly applies: (subject: string) => boolean
  readonly reasonCode: number
}

/** An accepted connection. */
export interface AcceptedConnection {
  readonly connection: EngineConnection
  readonly info: ConnectionInfo
}

/** The engine of a broker with the refusals and limits of a test. */
export interface BrokerState {
  readonly engine: BrokerEngine
  readonly limits: VirtualBrokerLimits
  /** Accepts a client, or returns the reason code of its refusal. */
  readonly connect: (connect: ConnectPacket, peer: EnginePeer) => AcceptedConnection | number
  /** Publishes a message of the broker and returns the reason code. */
  readonly publish: (message: OutgoingMessage) => number
  /** Publishes a message of a client and returns the reason code of its acknowledgement. */
  readonly publishFrom: (publish: PublishPacket, clientId: string, connection: EngineConnection) => number
  readonly disconnect: (
    clientId: string,
    options?: { readonly session?: 'keep' | 'lose'; readonly reasonCode?: number },
  ) => void
  readonly refuse: (on: RefusalRule['on'], applies: RefusalRule['applies'], reasonCode: number) => Undo
  /** Changes limits of the broker; a connected client learns of them on its next connection. */
  readonly setLimits: (changed: Partial<VirtualBrokerLimits>) => void
  readonly views: () => readonly SessionView[]
  readonly retained: () => readonly OutgoingMessage[]
}

/** Stands for the reason code of a connection that is cut, so that the client receives no DISCONNECT. */
export const cutConnection = -1

const unlimited = {
  topicLevels: 65_535,
  filtersPerSubscribe: Infinity,
  subscriptionsPerClient: Infinity,
  inFlight: 65_535,
  inFlightBytes: Infinity,
  queueMessages: 65_000,
  queueBytes: Infinity,
  totalBytes: Infinity,
  retainedMessages: Infinity,
  retainedBytes: Infinity,
}

/** Returns the state of a broker. */
export function brokerState(
  options: VirtualBrokerOptions & { readonly onPublished: (published: Published) => void },
): BrokerState {
  const { scheduler, overlap = 'once', onPublished } = options
  const limits = { ...defaultLimits, ...options.limits }
  const wills = new Map<string, Will>()
  const rules = new Set<RefusalRule>()
  const refusalCode = (on: RefusalRule['on'], subject: string): number | undefined =>
    [...rules].find((rule) => rule.on === on && rule.applies(subject))?.reasonCode

  const expiries = expiryDeadlines(scheduler)
  const engine = createBrokerEngine({
    scheduler,
    expiries,
    overlap,
    sharedOffline: 'queue',
    limits: unlimited,
    authority: {
      authorizePublish: ({ message }) => {
        const refuse = refusalCode('publish', message.topic)
        return refuse === undefined ? 'allow' : { refuse }
      },
      // The engine's options are fixed; these limits may change.
      authorizeSubscribe: ({ filter }) => {
        const refuse = filterFault(filter, limits) ?? refusalCode('subscribe', filter)
        return refuse === undefined ? { maximumQoS: limits.maximumQoS } : { refuse }
      },
    },
    willPublished: (clientId, reasonCode) => {
      const { willDelayInterval: _, ...message } = wills.get(clientId) as Will
      onPublished({ message, reasonCode, clientId })
    },
  })

  return {
    engine,
    limits,
    connect: (packet, peer) => {
      expiries.runDue()
      const { clientId, clean, protocolVersion, sessionExpiryInterval, receiveMaximum, will } = packet
      const refusedCode = refusalCode('connect', clientId)
      if (refusedCode !== undefined) return refusedCode
      const client = { clientId, cleanStart: clean, protocolVersion, sessionExpiryInterval, receiveMaximum }
      const willDelayInterval = Math.min(will?.willDelayInterval ?? 0, sessionExpiryInterval)
      const connection = engine.connect(
        will === undefined ? client : { ...client, will: { qos: 1, ...will, willDelayInterval } },
        peer,
      )
      if (will !== undefined) wills.set(clientId, will)
      const kept = packet.sessionExpiryInterval > 0 ? { isSessionKept: true } : {}
      const info = {
        ...limits,
        protocolVersion,
        clientId,
        sessionPresent: connection.sessionPresent,
        ...kept,
      }
      return { connection, info: protocolVersion === 4 ? toVersion4Info(info) : info }
    },
    publish: (message) => {
      expiries.runDue()
      const reasonCode = refusalCode('publish', message.topic) ?? engine.publish(message)
      onPublished({ message, reasonCode })
      return reasonCode
    },
    publishFrom: ({ message: content, qos, retain }, clientId, connection) => {
      expiries.runDue()
      const message = { ...content, qos, retain }
      const reasonCode = connection.publish(message)
      onPublished({ message, reasonCode, clientId })
      return reasonCode
    },
    disconnect: (clientId, { session = 'keep', reasonCode = cutConnection } = {}) => {
      engine.disconnect(clientId, reasonCode, '')
      if (session === 'lose') engine.forget(clientId)
    },
    refuse: (on, applies, reasonCode) => {
      const rule: RefusalRule = { on, applies, reasonCode }
      rules.add(rule)
      return () => rules.delete(rule)
    },
    setLimits: (changed) => void Object.assign(limits, changed),
    views: () => {
      expiries.runDue()
      return engine.sessions().map(({ clientId, client, subscriptions }) => {
        const { inFlight, queued } = engine.messages(clientId)
        return {
          clientId,
          isConnected: client !== undefined,
          subscriptions: subscriptions.map(({ subscriptionIdentifier: identifier, ...subscription }) =>
            identifier === undefined ? subscription : { ...subscription, identifier },
          ),
          unacknowledged: inFlight,
          queued,
        }
      })
    },
    retained: () => engine.retained('#'),
  }
}

/** Returns the connection info of MQTT 3.1.1, whose CONNACK has no limits. */
function toVersion4Info(info: ConnectionInfo): ConnectionInfo {
  const { responseInformation: _, ...rest } = info
  return { ...rest, receiveMaximum: 65_535, maximumPacketSize: Infinity, subscriptionIdentifiers: false }
}
