import type { OutgoingMessage, QoS } from '@antiphon/core'

/** A message in the broker's keeping. */
export interface StoredMessage {
  readonly message: OutgoingMessage
  readonly qos: QoS
  /** Who published it; absent for the outside. */
  readonly publisher?: string
  /** The instant at which it is no longer worth delivering. */
  readonly expiresAt: number
}

/** Takes a message into keeping at the instant `now`. */
export function store(message: OutgoingMessage, now: number, publisher?: string): StoredMessage {
  const { messageExpiryInterval } = message
  const expiresAt = messageExpiryInterval === undefined ? Infinity : now + messageExpiryInterval * 1000
  const stored = { message, qos: message.qos ?? 1, expiresAt }
  return publisher === undefined ? stored : { ...stored, publisher }
}

/** Whether it is too late to deliver it [MQTT-3.3.2-5]. */
export function isExpired({ expiresAt }: StoredMessage, now: number): boolean {
  return expiresAt <= now
}

/** The message as it goes out at `now`, its expiry less the time it waited [MQTT-3.3.2-6]. */
export function release({ message, expiresAt }: StoredMessage, now: number): OutgoingMessage {
  if (expiresAt === Infinity) return message
  return { ...message, messageExpiryInterval: Math.max(1, Math.ceil((expiresAt - now) / 1000)) }
}

/** The message as MQTT 3.1.1 can carry it: no properties. */
export function withoutProperties({ topic, payload, qos, retain }: OutgoingMessage): OutgoingMessage {
  return {
    topic,
    payload,
    ...(qos === undefined ? {} : { qos }),
    ...(retain === undefined ? {} : { retain }),
  }
}
