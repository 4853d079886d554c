import { left, right, type Either } from 'fp-ts/lib/Either.js'
import { finalize, Observable, type OperatorFunction } from 'rxjs'
import type { RequestArgument, Endpoint, EndpointTypes } from './endpoint.js'
import { AntiphonError } from './errors.js'
import { startExchange, requesterContext, toRequestParts } from './requester/requester-context.js'
import { flatten, type FlattenOptions } from './requester/flatten.js'
import type { ExchangeOptions } from './requester/options.js'
import type { Link } from './link/link.js'

/** How a stream of questions is asked. */
export interface RequestOptions extends ExchangeOptions, FlattenOptions {}

/** How one question is asked by promise. */
export interface PromiseOptions extends ExchangeOptions {
  /** Cancels the exchange when it aborts. */
  readonly signal?: AbortSignal
}

/** Why an exchange failed; branch on its `code`. */
export type ExchangeError = AntiphonError

/**
 * Turns a stream of questions into the stream of their answers: each is published, recognised by its correlation, timed
 * out and asked again as the options say.
 *
 * - *on subscribe*: subscribes to the questions; the first of them opens link and response subscription.
 * - *next*: an answer.
 * - *complete*: the questions have ended and all are answered.
 * - *error*: the first exchange that fails ends the stream, as in `mergeMap`; see `requestEither$` for one that lives on.
 * - *unsubscribe*: cancels what is open, and tells the responders.
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
  const requester = requesterContext(link, endpoint, options)
  return flatten(
    {
      start: (question, outcome) => startExchange(requester, toRequestParts(endpoint, question), outcome),
      refuse: (error, outcome) => outcome.error(error),
    },
    options,
  )
}

/** Like `request$`, for pipelines that must live on: a failed exchange is a `Left` among the answers. */
export function requestEither$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  options: RequestOptions = {},
): OperatorFunction<RequestArgument<T>, Either<ExchangeError, T['response']>> {
  const requester = requesterContext(link, endpoint, options)
  return flatten(
    {
      start: (question, outcome) =>
        startExchange(requester, toRequestParts(endpoint, question), {
          next: (value) => outcome.next(right(value as T['response'])),
          error: (error: unknown) => {
            outcome.next(left(AntiphonError.from(error)))
            outcome.complete()
          },
          complete: () => outcome.complete(),
        }),
      refuse: (error, outcome) => {
        outcome.next(left(error))
        outcome.complete()
      },
    },
    options,
  )
}

/**
 * One exchange, for a single question.
 *
 * - *on subscribe*: asks. *next, complete*: the answer, or the answers of a `many` endpoint and their end.
 * - *error*: why there is none. *unsubscribe*: cancels the exchange.
 */
export function exchange$<T extends EndpointTypes>(
  link: Link,
  endpoint: Endpoint<T>,
  question: RequestArgument<T>,
  options: ExchangeOptions = {},
): Observable<T['response']> {
  const requester = requesterContext(link, endpoint, options)
  return new Observable((subscriber) => {
    const started = startExchange(requester, toRequestParts(endpoint, question), subscriber)
    return () => started.cancel()
  })
}

/**
 * One exchange as a promise, which settles exactly once: with the answer, or rejected with an `ExchangeError`.
 *
 * @example
 * ```ts
 * await request(link, unlock, { params: { car, mobile }, value }, { signal })
 * ```
 */
export async function request<T extends EndpointTypes & { readonly kind: 'one' }>(
  link: Link,
  endpoint: Endpoint<T>,
  question: RequestArgument<T>,
  { signal, ...options }: PromiseOptions = {},
): Promise<T['response']> {
  const response$ = exchange$(link, endpoint, question, options)
  const gaveUp = (): AntiphonError<'cancelled'> => {
    const context = { cause: signal?.reason as unknown, endpoint: endpoint.name }
    return new AntiphonError('cancelled', `${endpoint.name}: the caller gave up`, context)
  }
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(gaveUp())
      return
    }
    const abort = (): void => {
      exchange.unsubscribe()
      reject(gaveUp())
    }
    const exchange = response$
      .pipe(finalize(() => signal?.removeEventListener('abort', abort)))
      .subscribe({ next: resolve, error: reject })
    if (!exchange.closed) signal?.addEventListener('abort', abort)
  })
}
