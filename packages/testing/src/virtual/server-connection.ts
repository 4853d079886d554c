import type { ConnectionInfo } from '@antiphon/core'
import type { VirtualBrokerLimits } from './broker.js'
import type { ServerEnd } from '../connection/connection.js'
import type { PacketReceiver } from '../connection/packet-lane.js'
import { publishFault, subscribeFault } from './broker-limits.js'
import type {
  ClientPacket,
  ConnectPacket,
  PublishPacket,
  SubscribePacket,
  UnsubscribePacket,
} from '../connection/packet.js'
import type { Attachment, Session } from './session.js'

/** The broker operations that a connection uses. */
export interface BrokerOperations {
  readonly limits: VirtualBrokerLimits
  /** Accepts a client, or returns the reason code of its refusal. */
  readonly connect: (connect: ConnectPacket, attachment: Attachment) => AcceptedConnection | number
  /** Publishes a message of a session and returns the reason code of its acknowledgement. */
  readonly publishFrom: (publish: PublishPacket, session: Session) => number
  /** Adds the subscriptions and returns their reason codes; `afterwards` sends the retained messages. */
  readonly subscribe: (subscribe: SubscribePacket, session: Session) => SubscribeOutcome
  /** Removes the subscriptions and returns their reason codes. */
  readonly unsubscribe: (unsubscribe: UnsubscribePacket, session: Session) => readonly number[]
  /** Handles a closed connection; `isNormalDisconnect` after a DISCONNECT with reason code 0. */
  readonly connectionClosed: (session: Session, attachment: Attachment, isNormalDisconnect: boolean) => void
}

/** An accepted connection. */
export interface AcceptedConnection {
  readonly session: Session
  readonly info: ConnectionInfo
  /** Called after CONNACK and the messages of the session have been sent. */
  readonly afterwards: () => void
}

/** The result of a SUBSCRIBE. */
export interface SubscribeOutcome {
  readonly reasonCodes: readonly number[]
  /** Called after SUBACK has been sent. */
  readonly afterwards: () => void
}

/** Returns the receiver at the broker's end of one connection. */
export function serverConnection(broker: BrokerOperations, end: ServerEnd): PacketReceiver<ClientPacket> {
  let connect: ConnectPacket | undefined
  let session: Session | undefined
  let attachment: Attachment | undefined

  const releaseSession = (isNormalDisconnect: boolean): void => {
    if (session === undefined || attachment === undefined) return
    const [closedSession, closedAttachment] = [session, attachment]
    session = undefined
    broker.connectionClosed(closedSession, closedAttachment, isNormalDisconnect)
  }
  /** Closes the connection, on MQTT 5 with DISCONNECT [MQTT-3.14.4-1]. */
  const disconnect = (reasonCode: number): void => {
    if (connect?.protocolVersion === 5) end.send({ type: 'disconnect', reasonCode })
    end.close()
    releaseSession(false)
  }

  const isDisconnectedFor = (fault: number | undefined): boolean => {
    if (fault !== undefined) disconnect(fault)
    return fault !== undefined
  }

  const handleConnect = (packet: ConnectPacket): void => {
    connect = packet
    const { protocolVersion } = packet
    const cut = (): void => {
      end.cut()
      releaseSession(false)
    }
    attachment = { send: end.send, cut, disconnect, protocolVersion, receiveMaximum: packet.receiveMaximum }
    const accepted = broker.connect(packet, attachment)
    if (typeof accepted === 'number') {
      end.send({ type: 'connack', reasonCode: accepted })
      end.close()
      return
    }
    session = accepted.session
    end.send({ type: 'connack', reasonCode: 0, info: accepted.info })
    session.resume()
    accepted.afterwards()
  }

  const handlePublish = (packet: PublishPacket, current: Session): void => {
    const { qos, packetId } = packet
    if (qos === 0) {
      broker.publishFrom(packet, current)
      return
    }
    if (qos === 1) {
      end.send({ type: 'puback', packetId, reasonCode: codeFor(broker.publishFrom(packet, current)) })
      return
    }
    if (current.received.has(packetId)) {
      end.send({ type: 'pubrec', packetId, reasonCode: 0 })
      return
    }
    // The client exceeds the Receive Maximum of the broker [MQTT-3.3.4-9]; MQTT 3.1.1 has no such limit.
    if (connect?.protocolVersion === 5 && current.received.size >= broker.limits.receiveMaximum) {
      disconnect(0x93)
      return
    }
    const reasonCode = codeFor(broker.publishFrom(packet, current))
    if (reasonCode < 0x80) current.received.add(packetId)
    end.send({ type: 'pubrec', packetId, reasonCode })
  }
  /** Returns the reason code, or 0 on MQTT 3.1.1, whose acknowledgements have none. */
  const codeFor = (reasonCode: number): number => (connect?.protocolVersion === 4 ? 0 : reasonCode)

  const handlePacket = (packet: ClientPacket, current: Session): void => {
    switch (packet.type) {
      case 'connect':
        // A second CONNECT is a protocol error [MQTT-3.1.0-2].
        disconnect(0x82)
        return
      case 'publish':
        if (!isDisconnectedFor(publishFault(packet, broker.limits))) handlePublish(packet, current)
        return
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        current.acknowledge(packet)
        return
      case 'pubrel': {
        const { packetId } = packet
        const wasReceived = current.received.delete(packetId)
        end.send({ type: 'pubcomp', packetId, reasonCode: wasReceived ? 0 : codeFor(0x92) })
        return
      }
      case 'subscribe': {
        if (isDisconnectedFor(subscribeFault(packet, broker.limits))) return
        const { reasonCodes, afterwards } = broker.subscribe(packet, current)
        const sentCodes =
          connect?.protocolVersion === 4 ? reasonCodes.map((code) => Math.min(code, 0x80)) : reasonCodes
        end.send({ type: 'suback', packetId: packet.packetId, reasonCodes: sentCodes })
        afterwards()
        return
      }
      case 'unsubscribe': {
        const reasonCodes = broker.unsubscribe(packet, current).map(codeFor)
        end.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes })
        return
      }
      case 'disconnect':
        end.close()
        releaseSession(packet.reasonCode === 0)
        return
    }
  }

  return {
    packet: (packet) => {
      if (session !== undefined) handlePacket(packet, session)
      else if (packet.type === 'connect' && connect === undefined) handleConnect(packet)
    },
    closed: () => releaseSession(false),
  }
}
