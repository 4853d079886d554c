import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { Observable } from 'rxjs'
import type { RequestArgument, Endpoint, EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { startExchange, requesterContext, toRequestParts } from './requester/requester-context.js'
import { GatheredResponses, requireGatherRules, type GatherRules } from './requester/gathered-responses.js'
import type { ExchangeOptions } from './requester/options.js'
import type { ResponseReading } from './requester/response-handler.js'
import type { Link } from './link/link.js'
import type { ExchangeError } from './request.js'

/** How many responders are asked at once, and when enough have answered. */
export interface GatherOptions extends ExchangeOptions, GatherRules {}

/**
 * Asks one question of many responders and gathers what they answer.
 *
 * - *on subscribe*: asks. *next*: an answer, or as a `Left` why one of the responders has none.
 * - *complete*: enough have answered (`count`), no more came for a while (`stall`), one said it was the last
 *   (`sentinel`), or the `timeout` has passed, whether or not anybody answered.
 * - *error*: the question could not be asked. *unsubscribe*: cancels the exchange.
 */
export function gather$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: GatherOptions = {},
): Observable<Either<ExchangeError, T['response']>> {
  const rules = requireGatherRules(options)
  const { scheduler } = link
  const requester = requesterContext(link, endpoint, options, (_, { timeout }) => {
    return () => new GatheredResponses(rules, timeout, () => scheduler.now())
  })
  return new Observable((subscriber) => {
    const started = startExchange(requester, toRequestParts(endpoint, request), {
      next: (reading) => {
        const { error, value } = reading as ResponseReading
        subscriber.next(error === undefined ? right(value as T['response']) : left(error))
      },
      error: (error: unknown) => subscriber.error(AntiphonError.from(error)),
      complete: () => subscriber.complete(),
    })
    return () => started.cancel()
  })
}
