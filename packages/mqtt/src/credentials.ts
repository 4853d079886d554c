import { AntiphonError } from '@antiphon/core'
import {
  catchError,
  defer,
  first,
  from,
  isObservable,
  map,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  type ObservableInput,
  switchMap,
} from 'rxjs'
import type { Address } from './address.js'
import { beginAuthentication$, type BegunAuthentication } from './authentication.js'
import { identityUnavailable } from './connection-errors.js'
import type { Credentials, SessionOptions } from './options.js'
import { assertCredentials } from './session-option-rules.js'

/** With what a client identifies itself in CONNECT. */
export interface Identity {
  readonly credentials: Credentials | undefined
  /** The enhanced authentication, if there is one. */
  readonly authentication: BegunAuthentication | undefined
}

/** Emits the identity for one connection, from the options that are functions; errors like `credentials$`. */
export function identity$(options: SessionOptions, address: Address): Observable<Identity> {
  const { authentication } = options
  const begun$: Observable<BegunAuthentication | undefined> =
    authentication === undefined
      ? of(undefined)
      : beginAuthentication$(authentication).pipe(
          map((exchange) => ({ ...authentication, exchange })),
          unavailable(address, 'authentication'),
        )
  return credentials$(options, address).pipe(
    switchMap((credentials) => begun$.pipe(map((begun) => ({ credentials, authentication: begun })))),
  )
}

/**
 * Emits the credentials for one connection.
 * - *on subscribe*: calls the `credentials` option, if set.
 * - *next, complete*: the credentials to send in CONNECT; `undefined` for none.
 * - *error*: `connection-refused` if the function fails, `invalid-argument` if the credentials it returns are invalid.
 * - *unsubscribe*: ignores the function's result.
 */
function credentials$(options: SessionOptions, address: Address): Observable<Credentials | undefined> {
  const { credentials } = options
  if (credentials === undefined) return of(fixedCredentials(options) ?? fixedCredentials(address))
  return defer(() => toObservable(credentials())).pipe(
    first(),
    map(assertCredentials),
    unavailable(address, 'credentials'),
  )
}

/** Returns the operator that replaces what an option has thrown by an error that names the option. */
function unavailable<A>({ text }: Address, option: string): MonoTypeOperatorFunction<A> {
  return catchError((error: unknown) => {
    throw error instanceof AntiphonError ? error : identityUnavailable(text, option, error)
  })
}

function fixedCredentials({ username, password }: Partial<Credentials>): Credentials | undefined {
  return username === undefined ? undefined : { username, ...(password !== undefined && { password }) }
}

function toObservable(credentials: Credentials | ObservableInput<Credentials>): Observable<Credentials> {
  const isValue = !isObservable(credentials) && typeof credentials === 'object' && 'username' in credentials
  return isValue ? of(credentials) : from(credentials)
}
