import type { Message } from '../message.js'
import { readsAcceptances } from '../protocol/control-message.js'

/**
 * Returns the milliseconds until a message expires.
 *
 * Mosquitto omits the Message Expiry Interval in the last second. A requester that reads acceptances has always set one.
 */
export function lifetimeOf(message: Message): number {
  const { messageExpiryInterval } = message
  if (messageExpiryInterval !== undefined) return messageExpiryInterval * 1_000
  return readsAcceptances(message) ? 1_000 : Infinity
}

/** Whether a message has any property of MQTT 5. */
export function hasProperties(message: Message): boolean {
  const { responseTopic, correlationData, contentType, payloadFormatIndicator } = message
  const { messageExpiryInterval, userProperties = [] } = message
  const single = [responseTopic, correlationData, contentType, payloadFormatIndicator, messageExpiryInterval]
  return userProperties.length > 0 || single.some((property) => property !== undefined)
}
