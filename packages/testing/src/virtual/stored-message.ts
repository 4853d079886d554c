import type { OutgoingMessage, QoS } from '@antiphon/core'

/** A message stored by the broker. */
export interface StoredMessage {
  readonly message: OutgoingMessage
  readonly qos: QoS
  /** The client that published the message; absent for `broker.publish`. */
  readonly publisher?: string
  /** The time at which the message expires. */
  readonly expiresAt: number
}

/** Returns a stored message with its expiry time. */
export function toStoredMessage(message: OutgoingMessage, now: number, publisher?: string): StoredMessage {
  const { messageExpiryInterval } = message
  const expiresAt = messageExpiryInterval === undefined ? Infinity : now + messageExpiryInterval * 1000
  const stored = { message, qos: message.qos ?? 1, expiresAt }
  return publisher === undefined ? stored : { ...stored, publisher }
}

/** Whether the message has expired [MQTT-3.3.2-5]. */
export function isExpired({ expiresAt }: StoredMessage, now: number): boolean {
  return expiresAt <= now
}

/** Returns the message with the rest of its Message Expiry Interval [MQTT-3.3.2-6]. */
export function withRemainingExpiry({ message, expiresAt }: StoredMessage, now: number): OutgoingMessage {
  if (expiresAt === Infinity) return message
  return { ...message, messageExpiryInterval: Math.max(1, Math.ceil((expiresAt - now) / 1000)) }
}

/** Returns the message without the properties that MQTT 3.1.1 cannot transfer. */
export function withoutProperties({ topic, payload, qos, retain }: OutgoingMessage): OutgoingMessage {
  return {
    topic,
    payload,
    ...(qos === undefined ? {} : { qos }),
    ...(retain === undefined ? {} : { retain }),
  }
}
