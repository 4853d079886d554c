import type { QoS } from '@antiphon/core'
import type { SubscribeRequest } from '@antiphon/core/link'
import type { AckPacket, PublishPacket, ServerPacket, Will } from './packet.js'
import { isExpired, withRemainingExpiry, withoutProperties, type StoredMessage } from './stored-message.js'

/** A subscription of a session; `filter` as in SUBSCRIBE, including `$share`. */
export interface BrokerSubscription extends SubscribeRequest {
  /** The Subscription Identifier. */
  readonly identifier?: number
}

/** A message for one session. */
export interface Outbound {
  readonly stored: StoredMessage
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[]
  /** The shared filter, if any: another member of its group may receive the message instead. */
  readonly shared?: string
}

/** Returns the message for a client's matching subscriptions, at their maximum QoS [MQTT-3.3.4-2]. */
export function outboundFor(stored: StoredMessage, subscriptions: readonly BrokerSubscription[]): Outbound {
  const { qos, message } = stored
  const isRetained =
    message.retain === true && subscriptions.some(({ retainAsPublished }) => retainAsPublished)
  const granted = subscriptions.some((subscription) => subscription.qos >= qos)
    ? qos
    : subscriptions.some((subscription) => subscription.qos === 1)
      ? 1
      : 0
  return {
    stored,
    qos: granted,
    retain: isRetained,
    identifiers: subscriptions.flatMap(({ identifier }) => (identifier === undefined ? [] : [identifier])),
  }
}

/** The current connection of a session. */
export interface Attachment {
  readonly send: (packet: ServerPacket) => void
  readonly cut: () => void
  /** Closes the connection, on MQTT 5 with DISCONNECT and the reason code. */
  readonly disconnect: (reasonCode: number) => void
  readonly protocolVersion: 4 | 5
  readonly receiveMaximum: number
}

interface UnacknowledgedMessage extends Outbound {
  readonly packetId: number
  readonly isReleased: boolean
}

/** The session state of one client at the broker. */
export interface Session {
  readonly clientId: string
  readonly subscriptions: Map<string, BrokerSubscription>
  /** The Packet Identifiers of QoS 2 messages received from the client and not yet released [MQTT-4.3.3-10]. */
  readonly received: Set<number>
  attachment: Attachment | undefined
  /** The time at which the session expires; `Infinity` while connected. */
  expiresAt: number
  will: Will | undefined
  /** Resends the messages in flight, then sends the queued ones [MQTT-4.4.0-1]. */
  readonly resume: () => void
  /** Sends a message, or queues it while the client is offline or its Receive Maximum is reached. */
  readonly deliver: (outbound: Outbound) => void
  /** Handles an acknowledgement from the client. */
  readonly acknowledge: (packet: AckPacket) => void
  /**
   * Removes and returns the messages that another member of the shared group may receive [MQTT-4.8.2-5]. While the client
   * is connected, what has been sent to it stays with it [MQTT-3.10.4-3].
   */
  readonly withdraw: (shared: string) => readonly Outbound[]
  /** Returns the messages sent and not acknowledged, in order. */
  readonly unacknowledged: () => readonly StoredMessage[]
  /** Returns the queued messages, in order. */
  readonly queued: () => readonly StoredMessage[]
}

/** Returns a new session. */
export function makeSession(clientId: string, now: () => number): Session {
  const inFlight = new Map<number, UnacknowledgedMessage>()
  let queue: Outbound[] = []
  let lastPacketId = 0

  const nextPacketId = (): number => {
    do lastPacketId = (lastPacketId % 65_535) + 1
    while (inFlight.has(lastPacketId))
    return lastPacketId
  }

  const packetOf = (outbound: Outbound, packetId: number, dup: boolean): PublishPacket => {
    const { stored, qos, retain, identifiers } = outbound
    const message = withRemainingExpiry(stored, now())
    const isVersion4 = self.attachment?.protocolVersion === 4
    return {
      type: 'publish',
      message: isVersion4 ? withoutProperties(message) : message,
      qos,
      retain,
      dup,
      packetId,
      ...(identifiers.length === 0 || isVersion4 ? {} : { subscriptionIdentifiers: identifiers }),
    }
  }

  const sendQueued = (): void => {
    for (;;) {
      const { attachment } = self
      const next = queue[0]
      if (attachment === undefined || next === undefined) return
      if (isExpired(next.stored, now())) {
        queue.shift()
        continue
      }
      if (next.qos > 0 && inFlight.size >= attachment.receiveMaximum) return
      queue.shift()
      const packetId = next.qos === 0 ? 0 : nextPacketId()
      if (packetId !== 0) inFlight.set(packetId, { ...next, packetId, isReleased: false })
      attachment.send(packetOf(next, packetId, false))
    }
  }

  const self: Session = {
    clientId,
    subscriptions: new Map(),
    received: new Set(),
    attachment: undefined,
    expiresAt: Infinity,
    will: undefined,
    resume: () => {
      for (const sent of inFlight.values()) {
        const { packetId, isReleased } = sent
        self.attachment?.send(
          isReleased ? { type: 'pubrel', packetId, reasonCode: 0 } : packetOf(sent, packetId, true),
        )
      }
      sendQueued()
    },
    deliver: (outbound) => {
      if (outbound.qos === 0 && self.attachment === undefined) return
      queue.push(outbound)
      sendQueued()
    },
    acknowledge: ({ type, packetId, reasonCode }) => {
      const sent = inFlight.get(packetId)
      if (type === 'pubrec' && sent !== undefined && sent.qos === 2 && reasonCode < 0x80) {
        inFlight.set(packetId, { ...sent, isReleased: true })
        self.attachment?.send({ type: 'pubrel', packetId, reasonCode: 0 })
        return
      }
      if (type === 'pubrec' && sent === undefined && reasonCode < 0x80) {
        self.attachment?.send({ type: 'pubrel', packetId, reasonCode: 0x92 })
        return
      }
      inFlight.delete(packetId)
      sendQueued()
    },
    withdraw: (shared) => {
      const isOfGroup = (outbound: Outbound): boolean => outbound.shared === shared
      const isMovable = (outbound: Outbound): boolean =>
        self.attachment === undefined && isOfGroup(outbound) && outbound.qos < 2
      const sent = [...inFlight.values()].filter(isMovable)
      for (const { packetId } of sent) inFlight.delete(packetId)
      const queued = queue.filter(isOfGroup)
      queue = queue.filter((outbound) => !isOfGroup(outbound))
      return [...sent, ...queued]
    },
    unacknowledged: () => [...inFlight.values()].map(({ stored }) => stored),
    queued: () => queue.map(({ stored }) => stored),
  }
  return self
}
