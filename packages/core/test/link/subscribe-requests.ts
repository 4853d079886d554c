import type { SubscribeOptions } from '../../src/link/link.js'
import type { SubscribeRequest } from '../../src/link/transport.js'

/** A line of a SUBSCRIBE packet with the link's defaults. */
export function subscribeRequest(filter: string, options: SubscribeOptions = {}): SubscribeRequest {
  return { filter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, ...options }
}
