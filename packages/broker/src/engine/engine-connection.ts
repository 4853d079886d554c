import type { Message, OutgoingMessage } from '@antiphon/core'
import type { ProtocolVersion, RequestedSubscription } from '@antiphon/packet'
import type { ClientInfo } from '../authority/authority.js'
import { HookQueue } from '../authority/hook-queue.js'
import { fromFlags, fromOutgoing, toMessage } from '../packet/publication.js'
import type { SubscribeOutcome } from '../routing/subscription-handler.js'
import type { Peer } from '../session/peer.js'
import type { ConnectionEnd } from '../session/sessions.js'
import { toWillRequest, type LocalWill } from '../will/local-will.js'
import type { Engine } from './engine.js'

/** A client that the program has admitted; its fields are those of CONNECT. */
export interface EngineClient {
  readonly clientId: string
  readonly cleanStart: boolean
  /** The Session Expiry Interval, in seconds; `Infinity` for a session that does not expire. */
  readonly sessionExpiryInterval: number
  /** The protocol version of the client. @defaultValue 5 */
  readonly protocolVersion?: ProtocolVersion
  /** QoS 1 and 2 messages that the engine may send before the first is acknowledged. @defaultValue 65 535 */
  readonly receiveMaximum?: number
  readonly will?: LocalWill
}

/** The client's end of a connection, as the engine sends packets to it. */
export interface EnginePeer {
  /** Sends a PUBLISH; its Packet Identifier is 0 at QoS 0. */
  readonly publish: (message: Message, packetId: number) => void
  /** Sends a PUBREL. */
  readonly release: (packetId: number, reasonCode: number) => void
  /** Sends a DISCONNECT and ends the connection. It must call `close` of the connection before it returns. */
  readonly disconnect: (reasonCode: number, reasonString: string) => void
}

/** The QoS 2 messages from a client that are not completed, by Packet Identifier, over all connections of its session. */
export interface InboundPackets {
  readonly count: number
  /** Whether the message was received before; then acknowledge it without publishing it again [MQTT-4.3.3-10]. */
  readonly has: (packetId: number) => boolean
  /** Records a message that is acknowledged with PUBREC. */
  readonly begin: (packetId: number) => void
  /** Handles PUBREL; returns whether the message was recorded. */
  readonly end: (packetId: number) => boolean
}

/** The engine's end of a connection. */
export interface EngineConnection {
  /** Session Present of CONNACK: whether a session is resumed. */
  readonly sessionPresent: boolean
  readonly inbound: InboundPackets
  /** Resends the messages in flight and sends the queued ones. Call it after CONNACK. */
  readonly resume: () => void
  /** Publishes a message of the client; returns the reason code of its acknowledgement. */
  readonly publish: (message: OutgoingMessage) => number
  /** Subscribes; `replay` of the result sends the retained messages. Call it after SUBACK. */
  readonly subscribe: (
    subscriptions: readonly RequestedSubscription[],
    identifier?: number,
  ) => SubscribeOutcome
  /** Unsubscribes; returns one reason code for each filter. */
  readonly unsubscribe: (filters: readonly string[]) => number[]
  /** Handles an acknowledgement of the client. */
  readonly acknowledge: (
    packet: 'puback' | 'pubrec' | 'pubcomp',
    packetId: number,
    reasonCode: number,
  ) => void
  /** Ends the connection. Publishes the Will unless `end.discardsWill` is set [MQTT-3.14.4-3]. Idempotent. */
  readonly close: (end?: ConnectionEnd) => void
}

/** Opens the session of a client whose packets are objects. */
export function openEngineConnection(
  engine: Engine,
  options: EngineClient,
  peer: EnginePeer,
): EngineConnection {
  const { sessions, publishPipeline, subscriptionHandler, notifications, now } = engine
  const { clientId, protocolVersion = 5, receiveMaximum = 65_535, will } = options
  const client: ClientInfo = {
    clientId,
    protocolVersion,
    remoteAddress: 'in-process',
    listener: 'in-process',
    keepAlive: 0,
  }
  const adapter: Peer = {
    isFull: false,
    fullLimit: 'unreadBytes',
    publish: (publication, flags, packetId, identifiers) => {
      const fields = fromFlags(flags, identifiers)
      peer.publish(toMessage(publication, fields, now(), protocolVersion), packetId)
      return true
    },
    release: peer.release,
    // No hook of a client's message is pending when its connection ends.
    received: () => undefined,
    disconnect: peer.disconnect,
  }
  sessions.takeOver(clientId, options.cleanStart)
  const { session, isPresent } = sessions.open({
    client,
    sessionExpiryInterval: options.sessionExpiryInterval,
    peer: adapter,
    receiveMaximum,
    will: will && { request: toWillRequest(will), client },
  })
  const publisher = {
    client,
    hookQueue: new HookQueue(Infinity, () => undefined),
    disconnect: peer.disconnect,
  }
  const { outbound } = session

  return {
    sessionPresent: isPresent,
    inbound: session.inbound,
    resume: () => notifications.run(() => sessions.resume(session)),
    publish: (message) =>
      notifications.run(
        // The hooks of `EngineAuthority` are synchronous and nothing is stored, so that no result is a Promise.
        () => publishPipeline.publish(fromOutgoing(message, clientId, now()), publisher) as number,
      ),
    subscribe: (subscriptions, identifier) =>
      notifications.run(
        () =>
          subscriptionHandler.subscribe(session, client, { subscriptions, identifier }) as SubscribeOutcome,
      ),
    unsubscribe: (filters) =>
      notifications.run(() => subscriptionHandler.unsubscribe(session, client, filters) as number[]),
    acknowledge: (packet, packetId, reasonCode) =>
      notifications.run(() => {
        if (packet === 'puback') outbound.acknowledged(packetId, reasonCode)
        else if (packet === 'pubrec') outbound.received(packetId, reasonCode)
        else outbound.completed(packetId)
      }),
    close: (end = { discardsWill: false }) =>
      notifications.run(() => {
        if (session.peer === adapter) sessions.detach(session, end)
      }),
  }
}
