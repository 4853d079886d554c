import { AntiphonError, type Message } from '@antiphon/core'
import type { SubscribeRequest, Transport, TransportEvent } from '@antiphon/core/link'
import { Observable, type Subscriber } from 'rxjs'
import { clientSession } from './client-session.js'
import type { ClientReceiver, ConnectionEnd } from '../connection/connection.js'
import type {
  SubscriptionAckPacket,
  ClientPacket,
  ConnackPacket,
  ConnectPacket,
  PublishPacket,
  ServerPacket,
} from '../connection/packet.js'

/** Opens a connection to the broker and returns the client's end. */
export type OpenConnection = (client: ClientReceiver) => ConnectionEnd<ClientPacket>

/** The client's state of one connection. */
interface VirtualConnection {
  readonly end: ConnectionEnd<ClientPacket>
  readonly subscriber: Subscriber<TransportEvent>
  /** The subscribers that wait for SUBACK or UNSUBACK, by Packet Identifier. */
  readonly pendingAcks: Map<number, Subscriber<readonly number[]>>
  /** Notified when the connection is closed after DISCONNECT. */
  readonly disconnectSubscribers: Set<Subscriber<never>>
  /** The Packet Identifiers of QoS 2 messages received on this connection and not yet acknowledged. */
  readonly unacknowledgedQoS2: Set<number>
  isOnline: boolean
  isClosed: boolean
  /** The reason code of DISCONNECT from the broker. */
  disconnectReasonCode?: number
}

/** Returns a transport over the connections that `openConnection` opens. */
export function virtualTransport(openConnection: OpenConnection, connect: ConnectPacket): Transport {
  const session = clientSession(connect.protocolVersion)
  let current: VirtualConnection | undefined

  const closeConnection = (
    connection: VirtualConnection,
    outcome: 'unsubscribed' | 'disconnected' | AntiphonError,
  ): void => {
    if (connection.isClosed) return
    connection.isClosed = true
    if (current === connection) {
      current = undefined
      session.detach()
    }
    for (const subscriber of connection.pendingAcks.values())
      subscriber.error(connectionLost('the connection closed before SUBACK or UNSUBACK', 'after-network'))
    if (outcome === 'disconnected') connection.subscriber.complete()
    else if (outcome !== 'unsubscribed') connection.subscriber.error(outcome)
    for (const disconnectSubscriber of connection.disconnectSubscribers) disconnectSubscriber.complete()
  }

  const handleConnack = (connection: VirtualConnection, { reasonCode, info }: ConnackPacket): void => {
    if (info === undefined) {
      const message = `cannot connect ${connect.clientId}: the broker refused with reason code ${hex(reasonCode)}`
      closeConnection(
        connection,
        new AntiphonError('connection-refused', message, { reasonCode, phase: 'after-network' }),
      )
      return
    }
    connection.isOnline = true
    session.attach(connection.end.send, info.sessionPresent)
    connection.subscriber.next({ type: 'online', info })
  }

  const handlePublish = (connection: VirtualConnection, packet: PublishPacket): void => {
    const { end, unacknowledgedQoS2, subscriber } = connection
    const { packetId, qos } = packet
    if (qos === 2 && unacknowledgedQoS2.has(packetId)) return
    const isDuplicate = qos === 2 && session.received.has(packetId)
    if (qos === 2 && !isDuplicate) unacknowledgedQoS2.add(packetId)
    let isAcknowledged = qos === 0
    const acknowledge = (): void => {
      if (isAcknowledged || connection.isClosed) return
      isAcknowledged = true
      unacknowledgedQoS2.delete(packetId)
      if (qos === 2) session.received.add(packetId)
      end.send({ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode: 0 })
    }
    if (isDuplicate || packet.malformed === true) acknowledge()
    if (isDuplicate) return
    const message = messageOf(packet)
    if (packet.malformed !== true) subscriber.next({ type: 'message', message, acknowledge })
    else subscriber.next({ type: 'malformed', error: malformedError(packet), message })
  }

  const handleSubscriptionAck = (
    { pendingAcks }: VirtualConnection,
    { packetId, reasonCodes }: SubscriptionAckPacket,
  ): void => {
    const subscriber = pendingAcks.get(packetId)
    pendingAcks.delete(packetId)
    session.release(packetId)
    subscriber?.next(reasonCodes)
    subscriber?.complete()
  }

  const receive = (connection: VirtualConnection, packet: ServerPacket): void => {
    if (connection.isClosed) return
    switch (packet.type) {
      case 'connack':
        handleConnack(connection, packet)
        return
      case 'publish':
        handlePublish(connection, packet)
        return
      case 'suback':
      case 'unsuback':
        handleSubscriptionAck(connection, packet)
        return
      case 'pubrel': {
        const { packetId } = packet
        session.received.delete(packetId)
        connection.end.send({ type: 'pubcomp', packetId, reasonCode: 0 })
        return
      }
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        session.acknowledge(packet)
        return
      case 'disconnect':
        connection.disconnectReasonCode = packet.reasonCode
        return
    }
  }

  const sendRequest = (
    packet: (packetId: number) => ClientPacket,
    action: string,
  ): Observable<readonly number[]> =>
    new Observable((subscriber) => {
      if (current === undefined || !current.isOnline) {
        subscriber.error(connectionLost(`cannot ${action}: not connected`, 'before-network'))
        return
      }
      const packetId = session.reserve()
      current.pendingAcks.set(packetId, subscriber)
      current.end.send(packet(packetId))
    })

  return {
    connect$: () =>
      new Observable((subscriber) => {
        const connection: VirtualConnection = {
          end: openConnection({
            packet: (packet) => receive(connection, packet),
            unreachable: () =>
              closeConnection(
                connection,
                connectionLost('cannot connect: the broker is not reachable', 'before-network'),
              ),
            closed: () => {
              const { disconnectSubscribers, disconnectReasonCode } = connection
              closeConnection(
                connection,
                disconnectSubscribers.size > 0
                  ? 'disconnected'
                  : connectionLost('the connection closed', 'after-network', disconnectReasonCode),
              )
            },
          }),
          subscriber,
          pendingAcks: new Map(),
          disconnectSubscribers: new Set(),
          unacknowledgedQoS2: new Set(),
          isOnline: false,
          isClosed: false,
        }
        current = connection
        connection.end.send(connect)
        return () => {
          if (connection.isClosed) return
          connection.end.close()
          closeConnection(connection, 'unsubscribed')
        }
      }),
    subscribe$: (requests: readonly SubscribeRequest[], subscriptionIdentifier?: number) =>
      sendRequest(
        (packetId) => ({
          type: 'subscribe',
          packetId,
          requests,
          ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
        }),
        'subscribe',
      ),
    unsubscribe$: (filters: readonly string[]) =>
      sendRequest((packetId) => ({ type: 'unsubscribe', packetId, filters }), 'unsubscribe'),
    publish$: session.publish$,
    disconnect$: () =>
      new Observable((subscriber) => {
        const connection = current
        if (connection === undefined) {
          subscriber.complete()
          return
        }
        connection.disconnectSubscribers.add(subscriber)
        connection.end.send({ type: 'disconnect', reasonCode: 0 })
      }),
  }
}

function connectionLost(
  message: string,
  phase: 'before-network' | 'after-network',
  reasonCode?: number,
): AntiphonError {
  const reason = reasonCode === undefined ? '' : ` with reason code ${hex(reasonCode)} of the broker`
  const context = reasonCode === undefined ? {} : { reasonCode }
  return new AntiphonError('connection-lost', `${message}${reason}`, { ...context, phase })
}

function malformedError({ message: { topic } }: PublishPacket): AntiphonError {
  return new AntiphonError('protocol', `malformed packet for topic ${topic}: dropped`, {
    topic,
  })
}

function hex(reasonCode: number): string {
  return `0x${reasonCode.toString(16).padStart(2, '0')}`
}

function messageOf({ message, qos, retain, dup }: PublishPacket): Message {
  return { ...message, qos, retain, dup }
}
