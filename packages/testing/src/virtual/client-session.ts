import { AntiphonError, type OutgoingMessage, type PublishAck, type QoS } from '@antiphon/core'
import type { ResumedPublish } from '@antiphon/core/link'
import { Observable, type Subscriber } from 'rxjs'
import type { AckPacket, ClientPacket, PublishPacket } from '../connection/packet.js'

/** The client's session state: its unacknowledged messages, over any number of connections. */
export interface ClientSession {
  /** Publishes a message while attached to a connection. */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck | ResumedPublish>
  /** Reserves a Packet Identifier for a SUBSCRIBE or UNSUBSCRIBE of this connection. */
  readonly reserve: () => number
  /** Releases a reserved Packet Identifier. */
  readonly release: (packetId: number) => void
  /** Handles an acknowledgement of a published message. */
  readonly acknowledge: (packet: AckPacket) => void
  /** The Packet Identifiers of QoS 2 messages acknowledged with PUBREC and not yet released by PUBREL. */
  readonly received: Set<number>
  /** Attaches a connection: reports unacknowledged messages to be sent again, or fails them if the session is lost. */
  readonly attach: (send: (packet: ClientPacket) => void, sessionPresent: boolean) => void
  /** Detaches the closed connection. */
  readonly detach: () => void
}

interface UnacknowledgedPublish {
  readonly packet: PublishPacket
  readonly subscriber: Subscriber<PublishAck | ResumedPublish>
  readonly reasonCode: number
  readonly isReleased: boolean
}

/** Returns a new session. */
export function clientSession(protocolVersion: 4 | 5): ClientSession {
  const unacknowledged = new Map<number, UnacknowledgedPublish>()
  const reserved = new Set<number>()
  const received = new Set<number>()
  let send: ((packet: ClientPacket) => void) | undefined
  let lastPacketId = 0

  const nextPacketId = (): number => {
    do lastPacketId = (lastPacketId % 65_535) + 1
    while (unacknowledged.has(lastPacketId) || reserved.has(lastPacketId))
    return lastPacketId
  }

  const packetOf = (message: OutgoingMessage, qos: QoS): PublishPacket => ({
    type: 'publish',
    message: protocolVersion === 4 ? withoutProperties(message) : message,
    qos,
    retain: message.retain ?? false,
    dup: false,
    packetId: qos === 0 ? 0 : nextPacketId(),
  })

  const settle = (packetId: number, reasonCode: number): void => {
    const sent = unacknowledged.get(packetId)
    unacknowledged.delete(packetId)
    sent?.subscriber.next({ reasonCode })
    sent?.subscriber.complete()
  }

  const resume = ({ packet, subscriber, isReleased }: UnacknowledgedPublish): void => {
    const { packetId, message } = packet
    if (isReleased) {
      send?.({ type: 'pubrel', packetId, reasonCode: 0 })
      return
    }
    subscriber.next({
      resend: (messageExpiryInterval) => {
        const hasExpiry = protocolVersion === 5 && messageExpiryInterval !== undefined
        send?.({ ...packet, message: hasExpiry ? { ...message, messageExpiryInterval } : message, dup: true })
      },
      // The broker may hold a QoS 2 message, so that its Packet Identifier stays in use.
      discard: () => void (packet.qos === 1 && unacknowledged.delete(packetId)),
    })
  }

  return {
    publish$: (message) =>
      new Observable((subscriber) => {
        if (send === undefined) {
          const { topic } = message
          subscriber.error(
            new AntiphonError(
              'connection-lost',
              `cannot publish to ${topic}: not connected; publish after the 'online' event`,
              { topic, phase: 'before-network' },
            ),
          )
          return
        }
        const packet = packetOf(message, message.qos ?? 1)
        if (packet.qos > 0)
          unacknowledged.set(packet.packetId, { packet, subscriber, reasonCode: 0, isReleased: false })
        send(packet)
        if (packet.qos > 0) return
        subscriber.next({ reasonCode: 0 })
        subscriber.complete()
      }),
    reserve: () => {
      const packetId = nextPacketId()
      reserved.add(packetId)
      return packetId
    },
    release: (packetId) => {
      reserved.delete(packetId)
    },
    acknowledge: ({ type, packetId, reasonCode }) => {
      const sent = unacknowledged.get(packetId)
      if (type === 'pubrec' && reasonCode < 0x80) {
        if (sent !== undefined) unacknowledged.set(packetId, { ...sent, reasonCode, isReleased: true })
        send?.({ type: 'pubrel', packetId, reasonCode: sent === undefined ? 0x92 : 0 })
        return
      }
      settle(packetId, type === 'pubcomp' ? (sent?.reasonCode ?? 0) : reasonCode)
    },
    received,
    attach: (sendPacket, sessionPresent) => {
      send = sendPacket
      if (sessionPresent) {
        for (const sent of [...unacknowledged.values()]) resume(sent)
        return
      }
      received.clear()
      const lost = [...unacknowledged.values()]
      unacknowledged.clear()
      for (const { packet, subscriber } of lost)
        subscriber.error(
          new AntiphonError(
            'session-lost',
            `the session was lost before the message to ${packet.message.topic} was acknowledged: ` +
              'the broker may have received it; publish it again if a duplicate is acceptable',
            { topic: packet.message.topic, phase: 'after-network' },
          ),
        )
    },
    detach: () => {
      send = undefined
      reserved.clear()
    },
  }
}

/** Returns the message without the properties that MQTT 3.1.1 cannot transfer. */
function withoutProperties({ topic, payload, qos, retain }: OutgoingMessage): OutgoingMessage {
  return {
    topic,
    payload,
    ...(qos === undefined ? {} : { qos }),
    ...(retain === undefined ? {} : { retain }),
  }
}
