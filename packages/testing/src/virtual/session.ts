import type { QoS } from '@antiphon/core'
import type { SubscribeRequest } from '@antiphon/core/link'
import type { AckPacket, PublishPacket, ServerPacket, Will } from './packet.js'
import { isExpired, release, withoutProperties, type StoredMessage } from './stored-message.js'

/** A subscription as the broker keeps it; `filter` as it was asked for, `$share` included. */
export interface BrokerSubscription extends SubscribeRequest {
  readonly identifier?: number
}

/** A message meant for one session. */
export interface Outbound {
  readonly stored: StoredMessage
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[]
  /** The shared filter it goes by, where it does: another member may get it instead. */
  readonly shared?: string
}

/** A live message for those of one client's subscriptions that ask for it, at their highest QoS [MQTT-3.3.4-2]. */
export function outboundFor(stored: StoredMessage, subscriptions: readonly BrokerSubscription[]): Outbound {
  const { qos, message } = stored
  const isKept = message.retain === true && subscriptions.some(({ retainAsPublished }) => retainAsPublished)
  const granted = subscriptions.some((one) => one.qos >= qos)
    ? qos
    : subscriptions.some((one) => one.qos === 1)
      ? 1
      : 0
  return {
    stored,
    qos: granted,
    retain: isKept,
    identifiers: subscriptions.flatMap(({ identifier }) => (identifier === undefined ? [] : [identifier])),
  }
}

/** A session's present connection. */
export interface Attachment {
  readonly send: (packet: ServerPacket) => void
  readonly cut: () => void
  /** Ends the connection with a reason. */
  readonly expel: (reasonCode: number) => void
  readonly protocolVersion: 4 | 5
  readonly receiveMaximum: number
}

interface InFlight extends Outbound {
  readonly packetId: number
  readonly isReleased: boolean
}

/** What the broker knows of one client. */
export interface Session {
  readonly clientId: string
  readonly subscriptions: Map<string, BrokerSubscription>
  /** QoS 2 packet identifiers received from the client and not yet released [MQTT-4.3.3-10]. */
  readonly received: Set<number>
  attachment: Attachment | undefined
  /** When it ends; `Infinity` while connected. */
  expiresAt: number
  will: Will | undefined
  /** Sends what is in flight again, then what waited [MQTT-4.4.0-1]. */
  readonly resume: () => void
  readonly deliver: (outbound: Outbound) => void
  readonly acknowledge: (packet: AckPacket) => void
  /** Takes out what another member of a shared group may have instead [MQTT-4.8.2-5]. */
  readonly withdraw: (shared: string) => readonly Outbound[]
  /** Messages sent and not acknowledged, in order. */
  readonly unacknowledged: () => readonly StoredMessage[]
  /** Messages waiting to be sent, in order. */
  readonly queued: () => readonly StoredMessage[]
}

/** A new session. */
export function session(clientId: string, now: () => number): Session {
  const inFlight = new Map<number, InFlight>()
  let queue: Outbound[] = []
  let lastPacketId = 0

  const nextPacketId = (): number => {
    do lastPacketId = (lastPacketId % 65_535) + 1
    while (inFlight.has(lastPacketId))
    return lastPacketId
  }

  const packetOf = (outbound: Outbound, packetId: number, dup: boolean): PublishPacket => {
    const { stored, qos, retain, identifiers } = outbound
    const message = release(stored, now())
    const isPlain = self.attachment?.protocolVersion === 4
    return {
      type: 'publish',
      message: isPlain ? withoutProperties(message) : message,
      qos,
      retain,
      dup,
      packetId,
      ...(identifiers.length === 0 || isPlain ? {} : { subscriptionIdentifiers: identifiers }),
    }
  }

  const pump = (): void => {
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
      pump()
    },
    deliver: (outbound) => {
      if (outbound.qos === 0 && self.attachment === undefined) return
      queue.push(outbound)
      pump()
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
      pump()
    },
    withdraw: (shared) => {
      const isTheirs = (outbound: Outbound): boolean => outbound.shared === shared
      const sent = [...inFlight.values()].filter((outbound) => isTheirs(outbound) && outbound.qos < 2)
      for (const { packetId } of sent) inFlight.delete(packetId)
      const waiting = queue.filter(isTheirs)
      queue = queue.filter((outbound) => !isTheirs(outbound))
      return [...sent, ...waiting]
    },
    unacknowledged: () => [...inFlight.values()].map(({ stored }) => stored),
    queued: () => queue.map(({ stored }) => stored),
  }
  return self
}
