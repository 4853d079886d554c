import {
  ApplicationError,
  requests$,
  serve,
  type DuplicateBounds,
  type Link,
  type ServeOptions,
  type ServeRecord,
} from '@antiphon/core'
import { map, of, from, throwError, type Observable, type ObservableInput } from 'rxjs'
import { platformLimits } from './platform-limits.js'
import { SUCCESS, unlockEndpoint, type UnlockRequest } from './unlock-contract.js'

/** What a car does when it is told to unlock: gives `Success`, or why not. */
export type Unlocking = (request: UnlockRequest) => ObservableInput<string>

/** How a car serves. */
export interface ServeUnlockOptions extends ServeOptions {
  /** @defaultValue unlocks, and says so */
  readonly unlock?: Unlocking
  /** How many commands are remembered, so that each is carried out once. @defaultValue for an hour */
  readonly duplicates?: DuplicateBounds
}

/**
 * Lets phones unlock a car. The answer goes to the phone that the topic names; a payload that names another is refused.
 * What cannot be understood is acknowledged and not answered; see `refusals$`. A repeated command is answered as before.
 *
 * - *next*: a record of each command when it is over. *complete, error, unsubscribe*: as `serve` over `requests$`.
 */
export function serveUnlock(
  link: Link,
  car: string,
  { unlock = () => of(SUCCESS), duplicates, ...options }: ServeUnlockOptions = {},
): Observable<ServeRecord> {
  // As long as the hub keeps a message, it may deliver it again.
  const keepFor = platformLimits.sessionExpiry * 1000
  return requests$(link, unlockEndpoint, {
    params: { car },
    filter: `vehicles/unlock/req/${car}/#`,
    duplicates: { keepFor, ...duplicates },
  }).pipe(
    serve(({ value, params: { mobile } }) => {
      const { requestorId } = value
      if (requestorId !== mobile) {
        const message = `refused: requestorId is not ${mobile}, who asks`
        return throwError(() => new ApplicationError({ code: 'requestor-mismatch', message }))
      }
      return from(unlock(value)).pipe(map((result) => ({ result })))
    }, options),
  )
}
