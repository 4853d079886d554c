import {
  ApplicationError,
  requests$,
  serve,
  type ResponseCacheBounds,
  type Link,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import { map, merge, NEVER, of, from, throwError, timer, type Observable, type ObservableInput } from 'rxjs'
import { platformLimits } from './platform-limits.js'
import { standing$ } from './standing.js'
import { SUCCESS, unlockEndpoint, type UnlockRequest } from './unlock-contract.js'

/** What a car does when it is told to unlock: gives `Success`, or why not. */
export type Unlocking = (request: UnlockRequest) => ObservableInput<string>

/** How a car serves. */
export interface ServeUnlockOptions extends ServeOptions {
  /** @defaultValue unlocks, and says so */
  readonly unlock?: Unlocking
  /** How many commands are remembered, so that each is carried out once. @defaultValue for an hour */
  readonly responseCache?: ResponseCacheBounds
  /** Milliseconds that its connection, and then its subscription, may take. @defaultValue Infinity: it keeps trying */
  readonly startTimeout?: number
  /** Milliseconds after which it drains. @defaultValue Infinity */
  readonly maxServingTime?: number
}

/**
 * Lets phones unlock a car. The answer goes to the phone that the topic names; a payload that names another is refused.
 * What cannot be understood is acknowledged and not answered; see `refusals$`. A repeated command is answered as before.
 *
 * - *next*: a record of each command when it is over. *complete, unsubscribe*: as `serve` over `requests$`.
 * - *error*: the same, and `timeout` where it could not start in time; `awaited` says what had not come.
 */
export function serveUnlock(
  link: Link,
  car: string,
  {
    unlock = () => of(SUCCESS),
    responseCache: duplicates,
    startTimeout = Infinity,
    maxServingTime = Infinity,
    drain$ = NEVER,
    ...options
  }: ServeUnlockOptions = {},
): Observable<ServeRecord> {
  // As long as the hub keeps a message, it may deliver it again.
  const ttl = platformLimits.sessionExpiryInterval * 1000
  const filter = `vehicles/unlock/req/${car}/#`
  const isOver$ = maxServingTime < Infinity ? merge(drain$, timer(maxServingTime, link.scheduler)) : drain$
  const served$ = requests$(link, unlockEndpoint, {
    params: { car },
    filter,
    responseCache: { ttl: ttl, ...duplicates },
  }).pipe(
    serve(
      ({ value, params: { mobile } }) => {
        const { requestorId } = value
        if (requestorId !== mobile) {
          const message = `refused: requestorId is not ${mobile}, who asks`
          return throwError(() => new ApplicationError({ code: 'requestor-mismatch', message }))
        }
        return from(unlock(value)).pipe(map((result) => ({ result })))
      },
      { ...options, drain$: isOver$ },
    ),
  )
  return startTimeout < Infinity ? merge(served$, standing$(link, filter, startTimeout)) : served$
}
