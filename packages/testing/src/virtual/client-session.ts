import { AntiphonError, type OutgoingMessage, type PublishAck, type QoS } from '@antiphon/core'
import { Observable, type Subscriber } from 'rxjs'
import type { AckPacket, ClientPacket, PublishPacket } from './packet.js'
import { withoutProperties } from './stored-message.js'

/** The client's half of a session: what it sent and was not acknowledged, over any number of connections. */
export interface ClientSession {
  /** Sends a message while `send` is there. */
  readonly publish$: (message: OutgoingMessage) => Observable<PublishAck>
  /** Reserves a packet identifier for a request of this connection. */
  readonly reserve: () => number
  readonly free: (packetId: number) => void
  /** An acknowledgement came for something we published. */
  readonly acknowledge: (packet: AckPacket) => void
  /** QoS 2 packet identifiers acknowledged and not yet released by the broker. */
  readonly received: Set<number>
  /** A connection is there: sends again what is unacknowledged, or fails it where the session is lost. */
  readonly attach: (send: (packet: ClientPacket) => void, sessionPresent: boolean) => void
  readonly detach: () => void
}

interface Unacknowledged {
  readonly packet: PublishPacket
  readonly subscriber: Subscriber<PublishAck>
  readonly reasonCode: number
  readonly isReleased: boolean
}

/** A session in which nothing was sent yet. */
export function clientSession(protocolVersion: 4 | 5): ClientSession {
  const unacknowledged = new Map<number, Unacknowledged>()
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

  const resend = ({ packet, isReleased }: Unacknowledged): void => {
    const { packetId } = packet
    send?.(isReleased ? { type: 'pubrel', packetId, reasonCode: 0 } : { ...packet, dup: true })
  }

  return {
    publish$: (message) =>
      new Observable((subscriber) => {
        if (send === undefined) {
          const { topic } = message
          subscriber.error(
            new AntiphonError(
              'connection-lost',
              `Cannot publish to '${topic}': not connected. Publish after 'online'.`,
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
    free: (packetId) => {
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
    attach: (line, sessionPresent) => {
      send = line
      if (sessionPresent) {
        for (const sent of unacknowledged.values()) resend(sent)
        return
      }
      received.clear()
      const lost = [...unacknowledged.values()]
      unacknowledged.clear()
      for (const { packet, subscriber } of lost)
        subscriber.error(
          new AntiphonError(
            'session-lost',
            `The broker forgot this client before it acknowledged a message to '${packet.message.topic}'. ` +
              'It may or may not have taken it; send it anew if once too often is better than never.',
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
