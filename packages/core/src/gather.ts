import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { Observable, type GroupedObservable } from 'rxjs'
import type { Endpoint } from './endpoint.js'
import type { RequestArgument, EndpointTypes } from './endpoint-types.js'
import { invalidArgument, requireArgument } from './argument.js'
import { AntiphonError } from './errors.js'
import { requesterContext, startExchange } from './requester/requester-context.js'
import {
  GatheredResponses,
  gatherOptionRules,
  type GatherRules,
  type ResolvedGatherRules,
} from './requester/gathered-responses.js'
import { GatheredStreams } from './requester/gathered-streams.js'
import type { ExchangeObserver } from './requester/exchange.js'
import { exchangeOptionRules, type ExchangeOptions } from './requester/options.js'
import type { ResponseReading } from './requester/response-handler.js'
import type { Link } from './link/link.js'
import type { OptionRules } from './option-rules.js'
import { responderOf } from './protocol/responder-name.js'
import type { ExchangeError } from './request.js'

/** Options of `gather$`: those of one exchange, and when to stop gathering. */
export interface GatherOptions extends ExchangeOptions, GatherRules {}

/**
 * What `gather$` emits: a response or the error that a responder reported; of a `many` endpoint, the stream of each responder,
 * with the name of the responder as its key.
 */
export type Gathered<T extends EndpointTypes> = T['kind'] extends 'many'
  ? GroupedObservable<string, T['response']>
  : Either<ExchangeError, T['response']>

const optionRules: OptionRules<GatherOptions> = { ...exchangeOptionRules, ...gatherOptionRules }

/**
 * Sends one request to many responders and emits their responses.
 *
 * With `responses: 'many'`, it emits an Observable for each responder, as `groupBy` does: subscribe to it when it is emitted. It
 * completes with the responder's stream, and fails if that fails or is incomplete when the gathering ends.
 *
 * - *on subscribe*: sends the request.
 * - *next*: a response, or a `Left` with the error that one responder reported; or the stream of a responder.
 * - *complete*: `count` responders or all `responders` have responded, none responded for `stallTimeout`, the `sentinel` arrived, or the
 *   `timeout` has passed, also if there was no response at all. A stream counts when it has ended.
 * - *error*: the request could not be sent.
 * - *unsubscribe*: cancels the exchange.
 *
 * @example
 * ```ts
 * gather$(link, history, 'today', { responders: ['north', 'south'] }).pipe(
 *   mergeMap((readings$) => readings$.pipe(map((reading) => ({ site: readings$.key, reading })))),
 * )
 * ```
 */
export function gather$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: GatherOptions = {},
): Observable<Gathered<T>> {
  requireArgument('options', options, optionRules)
  const rules: ResolvedGatherRules = {
    count: options.count ?? Infinity,
    stallTimeout: options.stallTimeout ?? Infinity,
    sentinel: options.sentinel ?? false,
    responders: options.responders ?? [],
    responderOf: options.responderOf ?? responderOf,
  }
  requireGatherable(endpoint, options)
  const requester = requesterContext(link, endpoint, options)
  return new Observable((subscriber) => {
    const toGathered = endpoint.responses === 'many' ? (stream: unknown) => stream : toEither
    const responses =
      endpoint.responses === 'many'
        ? new GatheredStreams(rules, requester)
        : new GatheredResponses(rules, requester)
    const observer: ExchangeObserver = {
      next: (value) => subscriber.next(toGathered(value) as Gathered<T>),
      error: (error: unknown) => subscriber.error(AntiphonError.from(error)),
      complete: () => subscriber.complete(),
    }
    const exchange = startExchange(requester, request, observer, responses)
    return () => exchange.cancel()
  })
}

function toEither(reading: unknown): Either<ExchangeError, unknown> {
  const { error, value } = reading as ResponseReading
  return error === undefined ? right(value) : left(error)
}

function requireGatherable(
  { name, requests, responses, isLast }: Endpoint,
  { sentinel, credit }: GatherOptions,
): void {
  if (requests === 'many')
    throw invalidArgument(
      `cannot gather: ${name} has request streams, which one responder receives; use request$`,
    )
  if (isLast !== undefined)
    throw invalidArgument(`cannot gather: ${name} has isLast, which names no responder; use request$`)
  if (responses === 'one') return
  if (sentinel === true)
    throw invalidArgument(`options.sentinel is true, but ${name} has streams, which have an end: remove it`)
  if (credit !== undefined && credit < Infinity)
    throw invalidArgument(`options.credit is ${credit}, but several responders share no credit: remove it`)
}
