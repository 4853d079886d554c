import type { SubscribeOptions } from '../../src/link/link.js'
import type { SubscribeRequest } from '../../src/link/transport.js'

/** Returns a filter with the link's default subscription options. */
export function subscribeRequest(filter: string, options: SubscribeOptions = {}): SubscribeRequest {
  return { filter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0, ...options }
}
