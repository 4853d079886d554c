import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { Observable } from 'rxjs'
import type { Ask, Endpoint, EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { ask, callerOf, toParts } from './exchange/caller.js'
import { GatheredReplies, requireGatherRules, type GatherRules } from './exchange/gathered-replies.js'
import type { ExchangeOptions } from './exchange/options.js'
import type { Reading } from './exchange/replies.js'
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
  question: Ask<T>,
  options: GatherOptions = {},
): Observable<Either<ExchangeError, T['response']>> {
  const rules = requireGatherRules(options)
  const { scheduler } = link
  const caller = callerOf(link, endpoint, options, (_, { timeout }) => {
    return () => new GatheredReplies(rules, timeout, () => scheduler.now())
  })
  return new Observable((subscriber) => {
    const started = ask(caller, toParts(endpoint, question), {
      next: (reading) => {
        const { error, value } = reading as Reading
        subscriber.next(error === undefined ? right(value as T['response']) : left(error))
      },
      error: (error: unknown) => subscriber.error(AntiphonError.from(error)),
      complete: () => subscriber.complete(),
    })
    return () => started.cancel()
  })
}
