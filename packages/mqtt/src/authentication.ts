import { AntiphonError } from '@antiphon/core'
import { describeReason } from '@antiphon/core/link'
import { type AuthPacket, protocolError, Reason } from '@antiphon/packet'
import {
  defer,
  first,
  from,
  isObservable,
  map,
  type Observable,
  type ObservableInput,
  of,
  type SchedulerLike,
  type Subscription as Teardown,
  timer,
} from 'rxjs'
import { assertAuthenticationData } from './session-option-rules.js'
import type { Authentication, AuthenticationExchange } from './options.js'

/** An enhanced authentication and the exchange whose data CONNECT carries. */
export interface BegunAuthentication extends Authentication {
  readonly exchange: AuthenticationExchange
}

/** What an `Authenticator` works with. */
export interface AuthenticatorParts {
  readonly authentication: BegunAuthentication
  readonly scheduler: SchedulerLike
  /** Milliseconds that a re-authentication may take. */
  readonly timeout: number
  /** Sends an AUTH with the Authentication Method. */
  readonly send: (reasonCode: number, data: Uint8Array | undefined) => void
  /** Called if the authentication cannot go on: the connection is closed. */
  readonly onFailed: (error: unknown) => void
}

/**
 * The enhanced authentication of one connection [MQTT-4.12]: answers the challenges of the broker, checks what it completes
 * with, and authenticates again while connected.
 */
export class Authenticator {
  readonly #parts: AuthenticatorParts
  #exchange: AuthenticationExchange
  #isRunning = true
  /** Whether another re-authentication is due after the one that is running. */
  #isDue = false
  /** The result that is awaited. */
  #awaited: Teardown | undefined
  #deadline: Teardown | undefined
  #renewals: Teardown | undefined

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts
    this.#exchange = parts.authentication.exchange
  }

  /** Handles an AUTH of the broker; throws if it breaks the protocol. */
  receive({ reasonCode, method, data }: AuthPacket): void {
    const { method: own } = this.#parts.authentication
    if (method !== own && method !== undefined)
      throw protocolError(`the broker changes the Authentication Method to ${method} [MQTT-4.12.0-5]`)
    if (!this.#isRunning) throw protocolError('the broker sent AUTH without an authentication')
    if (reasonCode === Reason.success) this.complete(data)
    else if (reasonCode === Reason.continueAuthentication) this.#respond(data)
    else throw protocolError(`the broker sent AUTH with the reason code ${describeReason(reasonCode)}`)
  }

  /** Ends an authentication with the Authentication Data of the CONNACK or AUTH that accepts it; throws if that is rejected. */
  complete(data: Uint8Array | undefined): void {
    this.#exchange.verify?.(data)
    this.#isRunning = false
    this.#deadline?.unsubscribe()
    this.#renewals ??= this.#parts.authentication.reauthenticate$?.subscribe({
      next: () => this.#authenticateAgain(),
      error: this.#parts.onFailed,
    })
    if (this.#isDue) this.#authenticateAgain()
  }

  /** Ignores the results that are awaited, because the connection has closed. */
  close(): void {
    this.#awaited?.unsubscribe()
    this.#deadline?.unsubscribe()
    this.#renewals?.unsubscribe()
  }

  /** Authenticates again on the open connection, after the authentication that is running. */
  #authenticateAgain(): void {
    this.#isDue = this.#isRunning
    if (this.#isRunning) return
    this.#isRunning = true
    const { timeout, scheduler, onFailed } = this.#parts
    this.#deadline = timer(timeout, scheduler).subscribe(() =>
      onFailed(new Error(`the broker did not complete the re-authentication within ${timeout} ms`)),
    )
    this.#await(beginAuthentication$(this.#parts.authentication), (exchange) => {
      this.#exchange = exchange
      this.#parts.send(Reason.reAuthenticate, exchange.data)
    })
  }

  #respond(challenge: Uint8Array | undefined): void {
    const { respond } = this.#exchange
    if (respond === undefined) {
      throw new AntiphonError(
        'connection-refused',
        'the broker sent a challenge: authentication.begin must return an object with respond',
      )
    }
    const response$ = defer(() => toObservable(respond(challenge), (result) => result instanceof Uint8Array))
    this.#await(response$.pipe(map(assertAuthenticationData)), (data) =>
      this.#parts.send(Reason.continueAuthentication, data),
    )
  }

  #await<A>(result$: Observable<A>, onResult: (result: A) => void): void {
    this.#awaited = result$.pipe(first()).subscribe({ next: onResult, error: this.#parts.onFailed })
  }
}

/** Begins an authentication: emits the exchange that the option returns. */
export function beginAuthentication$(authentication: Authentication): Observable<AuthenticationExchange> {
  return defer(() => {
    const begun = authentication.begin()
    return toObservable(begun, (result) => !isObservable(result) && isExchange(result))
  }).pipe(first(assertExchange))
}

function isExchange(result: AuthenticationExchange | ObservableInput<AuthenticationExchange>): boolean {
  return 'data' in result || 'respond' in result || 'verify' in result
}

/** Throws unless CONNECT or AUTH can carry the data of an exchange. */
function assertExchange(exchange: AuthenticationExchange): true {
  assertAuthenticationData(exchange.data)
  return true
}

function toObservable<A>(
  result: A | ObservableInput<A>,
  isValue: (result: A | ObservableInput<A>) => boolean,
): Observable<A> {
  return isValue(result) ? of(result as A) : from(result as ObservableInput<A>)
}
