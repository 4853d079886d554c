import {
  ApplicationError,
  requests$,
  serve,
  type DrainOptions,
  type ResponseCacheBounds,
  type Link,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import { map, merge, NEVER, of, from, throwError, timer, type Observable, type ObservableInput } from 'rxjs'
import { platformLimits } from './platform-limits.js'
import { subscriptionReady$ } from './subscription-ready.js'
import { SUCCESS, unlockEndpoint, type UnlockRequest } from './unlock-contract.js'

/** Unlocks the car. Emits the result: `Success`, or the reason of a failure. */
export type UnlockHandler = (request: UnlockRequest) => ObservableInput<string>

/** The options of `serveUnlock`. */
export interface ServeUnlockOptions extends ServeOptions, DrainOptions {
  /** Called for each new command. @defaultValue returns `Success` */
  readonly unlock?: UnlockHandler
  /** Bounds the responses kept for duplicate commands. @defaultValue a `ttl` of one hour */
  readonly responseCache?: ResponseCacheBounds
  /** Milliseconds to wait for the connection, and again for the subscription. @defaultValue Infinity */
  readonly startTimeout?: number
  /** Milliseconds to accept commands before draining. @defaultValue Infinity */
  readonly servingPeriod?: number
}

/**
 * Serves the unlock commands of phones to a car. The response goes to the phone in the topic; a command whose `requestorId`
 * is another phone is refused. A malformed command is acknowledged without a response and reported on `ignoredRequests$`. A
 * duplicate command gets the same response without a second run.
 *
 * - *next*: a record of each command when it has ended. *complete, unsubscribe*: as `serve` over `requests$`.
 * - *error*: as `serve`, and `timeout` after `startTimeout`; `awaited` is the step that took too long.
 */
export function serveUnlock(
  link: Link,
  car: string,
  {
    unlock = () => of(SUCCESS),
    responseCache,
    startTimeout = Infinity,
    servingPeriod = Infinity,
    drain$ = NEVER,
    drainBy,
    drainTimeout,
    ...options
  }: ServeUnlockOptions = {},
): Observable<ServeRecord> {
  // The hub may redeliver a message as long as it keeps the session.
  const ttl = platformLimits.sessionExpiryInterval * 1000
  const filter = `vehicles/unlock/req/${car}/#`
  const drainOrTimer$ =
    servingPeriod < Infinity ? merge(drain$, timer(servingPeriod, link.scheduler)) : drain$
  const served$ = requests$(link, unlockEndpoint, {
    params: { car },
    filter,
    responseCache: { ttl, ...responseCache },
    drain$: drainOrTimer$,
    ...(drainBy === undefined ? {} : { drainBy }),
    ...(drainTimeout === undefined ? {} : { drainTimeout }),
  }).pipe(
    serve(({ value, params: { mobile } }) => {
      const { requestorId } = value
      if (requestorId !== mobile) {
        const message = `refused: requestorId is not ${mobile}, the device that sent the command`
        return throwError(() => new ApplicationError({ code: 'requestor-mismatch', message }))
      }
      return from(unlock(value)).pipe(map((result) => ({ result })))
    }, options),
  )
  return startTimeout < Infinity ? merge(served$, subscriptionReady$(link, filter, startTimeout)) : served$
}
