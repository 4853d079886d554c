import type { ConnectionInfo } from '@antiphon/core'
import type { VirtualBrokerLimits } from './broker.js'
import type { ServerEnd } from './connection.js'
import type { Receiver } from './packet-lane.js'
import { publishFault, subscribeFault } from './limits.js'
import type {
  ClientPacket,
  ConnectPacket,
  PublishPacket,
  SubscribePacket,
  UnsubscribePacket,
} from './packet.js'
import type { Attachment, Session } from './session.js'

/** What a connection asks of the broker behind it. */
export interface Registry {
  readonly limits: VirtualBrokerLimits
  /** Lets a client in, or says the reason code that keeps it out. */
  readonly admit: (connect: ConnectPacket, attachment: Attachment) => AcceptedConnection | number
  /** Takes a message; says the reason code of its acknowledgement. */
  readonly accept: (publish: PublishPacket, session: Session) => number
  /** Makes the subscriptions; says the reason codes, and sends what is retained through `afterwards`. */
  readonly subscribe: (subscribe: SubscribePacket, session: Session) => SubscribeOutcome
  readonly unsubscribe: (unsubscribe: UnsubscribePacket, session: Session) => readonly number[]
  /** The connection is over; `isFarewell` when the client said so itself. */
  readonly leave: (session: Session, attachment: Attachment, isFarewell: boolean) => void
}

/** A client let in. */
export interface AcceptedConnection {
  readonly session: Session
  readonly info: ConnectionInfo
  /** What is to be done once the CONNACK and the messages of the session are on their way. */
  readonly afterwards: () => void
}

/** What came of a SUBSCRIBE. */
export interface SubscribeOutcome {
  readonly reasonCodes: readonly number[]
  /** What is to be done once the SUBACK is on its way. */
  readonly afterwards: () => void
}

/** The broker's end of one connection. */
export function serverConnection(registry: Registry, end: ServerEnd): Receiver<ClientPacket> {
  let connect: ConnectPacket | undefined
  let session: Session | undefined
  let attachment: Attachment | undefined

  const leave = (isFarewell: boolean): void => {
    if (session === undefined || attachment === undefined) return
    const [left, from] = [session, attachment]
    session = undefined
    registry.leave(left, from, isFarewell)
  }
  /** Ends the connection with a reason, which a 3.1.1 client is not told [MQTT-3.14.4-1]. */
  const expel = (reasonCode: number): void => {
    if (connect?.protocolVersion === 5) end.send({ type: 'disconnect', reasonCode })
    end.close()
    leave(false)
  }

  const isExpelledFor = (fault: number | undefined): boolean => {
    if (fault !== undefined) expel(fault)
    return fault !== undefined
  }

  const greet = (packet: ConnectPacket): void => {
    connect = packet
    const { protocolVersion } = packet
    const cut = (): void => {
      end.cut()
      leave(false)
    }
    attachment = { send: end.send, cut, expel, protocolVersion, receiveMaximum: packet.receiveMaximum }
    const admission = registry.admit(packet, attachment)
    if (typeof admission === 'number') {
      end.send({ type: 'connack', reasonCode: admission })
      end.close()
      return
    }
    session = admission.session
    end.send({ type: 'connack', reasonCode: 0, info: admission.info })
    session.resume()
    admission.afterwards()
  }

  const receive = (packet: PublishPacket, present: Session): void => {
    const { qos, packetId } = packet
    if (qos === 0) {
      registry.accept(packet, present)
      return
    }
    if (qos === 1) {
      end.send({ type: 'puback', packetId, reasonCode: codeFor(registry.accept(packet, present)) })
      return
    }
    if (present.received.has(packetId)) {
      end.send({ type: 'pubrec', packetId, reasonCode: 0 })
      return
    }
    // More in flight than we allowed [MQTT-3.3.4-9]; 3.1.1 knows no such limit.
    if (connect?.protocolVersion === 5 && present.received.size >= registry.limits.receiveMaximum) {
      expel(0x93)
      return
    }
    const reasonCode = codeFor(registry.accept(packet, present))
    if (reasonCode < 0x80) present.received.add(packetId)
    end.send({ type: 'pubrec', packetId, reasonCode })
  }
  /** MQTT 3.1.1 acknowledges without saying how it went. */
  const codeFor = (reasonCode: number): number => (connect?.protocolVersion === 4 ? 0 : reasonCode)

  const response = (packet: ClientPacket, present: Session): void => {
    switch (packet.type) {
      case 'connect':
        // A second CONNECT is a protocol error [MQTT-3.1.0-2].
        expel(0x82)
        return
      case 'publish':
        if (!isExpelledFor(publishFault(packet, registry.limits))) receive(packet, present)
        return
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        present.acknowledge(packet)
        return
      case 'pubrel': {
        const { packetId } = packet
        const isKnown = present.received.delete(packetId)
        end.send({ type: 'pubcomp', packetId, reasonCode: isKnown ? 0 : codeFor(0x92) })
        return
      }
      case 'subscribe': {
        if (isExpelledFor(subscribeFault(packet, registry.limits))) return
        const { reasonCodes, afterwards } = registry.subscribe(packet, present)
        const told =
          connect?.protocolVersion === 4 ? reasonCodes.map((code) => Math.min(code, 0x80)) : reasonCodes
        end.send({ type: 'suback', packetId: packet.packetId, reasonCodes: told })
        afterwards()
        return
      }
      case 'unsubscribe': {
        const reasonCodes = registry.unsubscribe(packet, present).map(codeFor)
        end.send({ type: 'unsuback', packetId: packet.packetId, reasonCodes })
        return
      }
      case 'disconnect':
        end.close()
        leave(packet.reasonCode === 0)
        return
    }
  }

  return {
    packet: (packet) => {
      if (session !== undefined) response(packet, session)
      else if (packet.type === 'connect' && connect === undefined) greet(packet)
    },
    closed: () => leave(false),
  }
}
