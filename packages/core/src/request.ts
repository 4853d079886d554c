import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { firstValueFrom, fromEvent, map, Observable, of, race, type OperatorFunction } from 'rxjs'
import { requireArgument } from './argument.js'
import type { Endpoint } from './endpoint.js'
import type { RequestArgument, EndpointTypes } from './endpoint-types.js'
import { AntiphonError } from './errors.js'
import { requesterContext, startExchange } from './requester/requester-context.js'
import { flatten, flattenOptionRules, type FlattenOptions } from './requester/flatten.js'
import { exchangeOptionRules, type ExchangeOptions } from './requester/options.js'
import type { Link } from './link/link.js'
import type { OptionRules } from './option-rules.js'

/** Options of `request$`: those of each exchange, and of their concurrency. */
export interface RequestOptions extends ExchangeOptions, FlattenOptions {}

/** Options of `request`. */
export interface PromiseOptions extends ExchangeOptions {
  /** Cancels the exchange when it aborts. */
  readonly signal?: AbortSignal
}

const requestOptionRules: OptionRules<RequestOptions> = { ...exchangeOptionRules, ...flattenOptionRules }

const promiseOptionRules: OptionRules<PromiseOptions> = {
  ...exchangeOptionRules,
  signal: 'object',
}

/** The error of a failed exchange; branch on its `code`. */
export type ExchangeError = AntiphonError

/**
 * Sends each value of the source as a request and emits the responses. Correlation, timeout and retries are handled
 * according to the options.
 *
 * - *on subscribe*: subscribes to the source; its first value opens the link and the response subscription.
 * - *next*: a response.
 * - *complete*: the source has completed and no request is pending.
 * - *error*: the source fails, or the first exchange fails, as in `mergeMap`; `requestEither$` continues instead.
 * - *unsubscribe*: cancels the pending requests and notifies their responders.
 *
 * @example
 * ```ts
 * from(['query:Vienna', 'query:Berlin']).pipe(request$(link, temperature, { timeout: 5_000 }))
 * ```
 */
export function request$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: RequestOptions = {},
): OperatorFunction<RequestArgument<T>, T['response']> {
  requireArgument('options', options, requestOptionRules)
  const requester = requesterContext(link, endpoint, options)
  return flatten(
    {
      start: (request, observer) => startExchange(requester, request, observer),
      reject: (error, observer) => observer.error(error),
    },
    options,
  )
}

/** Sends requests as `request$` does, but emits the error of a failed exchange as a `Left` and continues. */
export function requestEither$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: RequestOptions = {},
): OperatorFunction<RequestArgument<T>, Either<ExchangeError, T['response']>> {
  requireArgument('options', options, requestOptionRules)
  const requester = requesterContext(link, endpoint, options)
  return flatten(
    {
      start: (request, observer) =>
        startExchange(requester, request, {
          next: (value) => observer.next(right(value as T['response'])),
          error: (error: unknown) => {
            observer.next(left(AntiphonError.from(error)))
            observer.complete()
          },
          complete: () => observer.complete(),
        }),
      reject: (error, observer) => {
        observer.next(left(error))
        observer.complete()
      },
    },
    options,
  )
}

/**
 * Sends one request for each subscription.
 *
 * - *on subscribe*: sends the request.
 * - *next*: the response, or each response of a `many` endpoint. *complete*: after the last response.
 * - *error*: the exchange failed.
 * - *unsubscribe*: cancels the exchange.
 */
export function exchange$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: ExchangeOptions = {},
): Observable<T['response']> {
  requireArgument('options', options, exchangeOptionRules)
  return exchangeWith$(link, endpoint, request, options)
}

/** Does the same as `exchange$` with options that have been validated. */
function exchangeWith$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: ExchangeOptions,
): Observable<T['response']> {
  const requester = requesterContext(link, endpoint, options)
  return new Observable((subscriber) => {
    const exchange = startExchange(requester, request, subscriber)
    return () => exchange.cancel()
  })
}

/**
 * Sends one request and returns a promise of its response. The promise rejects with an `ExchangeError` if the exchange
 * fails or the signal aborts.
 *
 * @example
 * ```ts
 * await request(link, unlock, { params: { car, mobile }, value }, { signal })
 * ```
 */
export async function request<T extends EndpointTypes & { readonly kind: 'one' }>(
  link: Link,
  endpoint: Endpoint<T>,
  request: RequestArgument<T>,
  options: PromiseOptions = {},
): Promise<T['response']> {
  requireArgument('options', options, promiseOptionRules)
  const { signal } = options
  const response$ = exchangeWith$(link, endpoint, request, options)
  return firstValueFrom(signal === undefined ? response$ : race(aborted$(signal, endpoint.name), response$))
}

/** Errors with `cancelled` when the signal aborts, or at once if it has aborted. */
function aborted$(signal: AbortSignal, endpoint: string): Observable<never> {
  const abort$: Observable<unknown> = signal.aborted ? of(undefined) : fromEvent(signal, 'abort')
  return abort$.pipe(
    map(() => {
      const cause: unknown = signal.reason
      throw new AntiphonError('cancelled', `${endpoint}: the signal aborted the request`, { cause, endpoint })
    }),
  )
}
