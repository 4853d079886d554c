import type { Message } from '../message.js'
import { readsAcceptances } from '../protocol/control-message.js'

/**
 * Returns the milliseconds from the receipt of a request to its expiry.
 *
 * Mosquitto omits the Message Expiry Interval in the last second. A requester that reads acceptances has always set one.
 */
export function requestLifetime(message: Message): number {
  const { messageExpiryInterval } = message
  if (messageExpiryInterval !== undefined) return messageExpiryInterval * 1_000
  return readsAcceptances(message) ? 1_000 : Infinity
}
