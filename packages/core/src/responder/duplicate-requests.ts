import { catchError, EMPTY, merge } from 'rxjs'
import { publishWhole$ } from '../chunk/publish-whole.js'
import type { Delivery } from '../link/link.js'
import { toMessage } from './outgoing-response.js'
import type { RequestContext } from './request-context.js'
import type { ResponderContext } from './responder-context.js'
import type { CacheEntry, CachedResponse } from './response-cache.js'

/**
 * Processes a duplicate of a cached request without its handler: it waits for the response of the running handler, or gets the
 * responses that were sent.
 */
export function receiveDuplicate(
  responder: ResponderContext,
  entry: CacheEntry<RequestContext>,
  duplicate: RequestContext,
  delivery: Delivery,
): void {
  const { running } = entry
  if (running === undefined) return resendResponses(responder, entry, duplicate, delivery)
  running.attachDuplicate(delivery.acknowledge)
  if (running.isAccepted) responder.acceptance.accept(running, true)
  responder.reportIgnored(delivery.message, 'duplicate', 'it repeats a request that is being handled')
}

/** Sends the cached responses again, with the expiry of the duplicate. */
export function resendResponses(
  responder: ResponderContext,
  { responses }: CachedResponse,
  { correlation, lifetime }: RequestContext,
  { message, acknowledge }: Delivery,
): void {
  if (responses === undefined) {
    acknowledge()
    responder.reportIgnored(message, 'duplicate', 'it repeats a request that has too many responses to cache')
    return
  }
  const { link, connectionInfo } = responder
  const sent = responses.map((response) =>
    publishWhole$(link, toMessage(response, correlation, lifetime), connectionInfo).pipe(
      catchError(() => EMPTY),
    ),
  )
  merge(...sent).subscribe({ complete: acknowledge })
  if (responder.acknowledge !== 'after-response') acknowledge()
  responder.reportIgnored(message, 'duplicate', 'it repeats a request that was answered')
}
