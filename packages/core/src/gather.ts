import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { Observable } from 'rxjs'
import type { RequestArgument, Endpoint, EndpointTypes } from './endpoint.js'
import { invalidArgument, requireArgument } from './argument.js'
import { AntiphonError } from './errors.js'
import { requesterContext, startExchange } from './requester/requester-context.js'
import {
  GatheredResponses,
  gatherOptionRules,
  responderOf,
  type GatherRules,
  type ResolvedGatherRules,
} from './requester/gathered-responses.js'
import type { ExchangeObserver } from './requester/exchange.js'
import { exchangeOptionRules, type ExchangeOptions } from './requester/options.js'
import type { ResponseReading } from './requester/response-handler.js'
import type { Link } from './link/link.js'
import type { OptionRules } from './option-rules.js'
import type { ExchangeError } from './request.js'

/** Options of `gather$`: those of one exchange, and when to stop gathering. */
export interface GatherOptions extends ExchangeOptions, GatherRules {}

const optionRules: OptionRules<GatherOptions> = { ...exchangeOptionRules, ...gatherOptionRules }

/**
 * Sends one request to many responders and emits their responses.
 *
 * - *on subscribe*: sends the request.
 * - *next*: a response, or a `Left` with the error that one responder reported.
 * - *complete*: `count` responses or those of all `responders` have arrived, none arrived for `stallTimeout`, the `sentinel` arrived, or the `timeout`
 *   has passed, also if there was no response at all.
 * - *error*: the request could not be sent.
 * - *unsubscribe*: cancels the exchange.
 */
export function gather$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: GatherOptions = {},
): Observable<Either<ExchangeError, T['response']>> {
  requireArgument('options', options, optionRules)
  const rules: ResolvedGatherRules = {
    count: options.count ?? Infinity,
    stallTimeout: options.stallTimeout ?? Infinity,
    sentinel: options.sentinel ?? false,
    responders: options.responders ?? [],
    responderOf: options.responderOf ?? responderOf,
  }
  if (endpoint.requests === 'many')
    throw invalidArgument(`cannot gather: ${endpoint.name} has request streams, which one responder receives`)
  const requester = requesterContext(link, endpoint, options)
  return new Observable((subscriber) => {
    const responses = new GatheredResponses(rules, requester)
    const observer: ExchangeObserver = {
      next: (reading) => {
        const { error, value } = reading as ResponseReading
        subscriber.next(error === undefined ? right(value as T['response']) : left(error))
      },
      error: (error: unknown) => subscriber.error(AntiphonError.from(error)),
      complete: () => subscriber.complete(),
    }
    const exchange = startExchange(requester, request, observer, responses)
    return () => exchange.cancel()
  })
}
