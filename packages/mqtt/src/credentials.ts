import { AntiphonError } from '@antiphon/core'
import {
  catchError,
  defer,
  first,
  from,
  isObservable,
  map,
  type Observable,
  of,
  type ObservableInput,
} from 'rxjs'
import type { Address } from './address.js'
import { credentialsUnavailable } from './connection-errors.js'
import type { Credentials, SessionOptions } from './options.js'
import { assertCredentials } from './session-option-rules.js'

/**
 * Emits the credentials for one connection.
 * - *on subscribe*: calls the `credentials` option, if set.
 * - *next, complete*: the credentials to send in CONNECT; `undefined` for none.
 * - *error*: `connection-refused` if the function fails, `invalid-argument` if the credentials it returns are invalid.
 * - *unsubscribe*: ignores the function's result.
 */
export function credentials$(options: SessionOptions, address: Address): Observable<Credentials | undefined> {
  const { credentials } = options
  if (credentials === undefined) return of(fixedCredentials(options) ?? fixedCredentials(address))
  return defer(() => toObservable(credentials())).pipe(
    first(),
    map(assertCredentials),
    catchError((error: unknown) => {
      throw error instanceof AntiphonError ? error : credentialsUnavailable(address.text, error)
    }),
  )
}

function fixedCredentials({ username, password }: Partial<Credentials>): Credentials | undefined {
  return username === undefined ? undefined : { username, ...(password !== undefined && { password }) }
}

function toObservable(credentials: Credentials | ObservableInput<Credentials>): Observable<Credentials> {
  const isValue = !isObservable(credentials) && typeof credentials === 'object' && 'username' in credentials
  return isValue ? of(credentials) : from(credentials)
}
