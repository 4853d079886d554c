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
import { noCredentials } from './connection-errors.js'
import { assertCredentials } from './option-rules.js'
import type { Credentials, MqttOptions } from './options.js'

/**
 * The credentials of one connection.
 * - *on subscribe*: asks the `credentials` option, where there is one.
 * - *next, complete*: what to send in CONNECT; `undefined` for nothing.
 * - *error*: `connection-refused` when the function fails, `invalid-argument` when its answer breaks a rule.
 * - *unsubscribe*: takes no answer any more.
 */
export function credentials$(options: MqttOptions, address: Address): Observable<Credentials | undefined> {
  const { credentials } = options
  if (credentials === undefined) return of(fixedCredentials(options) ?? fixedCredentials(address))
  return defer(() => toObservable(credentials())).pipe(
    first(),
    map(assertCredentials),
    catchError((error: unknown) => {
      throw error instanceof AntiphonError ? error : noCredentials(address.text, error)
    }),
  )
}

function fixedCredentials({ username, password }: Partial<Credentials>): Credentials | undefined {
  return username === undefined ? undefined : { username, ...(password !== undefined && { password }) }
}

function toObservable(given: Credentials | ObservableInput<Credentials>): Observable<Credentials> {
  const isPlain = !isObservable(given) && typeof given === 'object' && 'username' in given
  return isPlain ? of(given) : from(given)
}
