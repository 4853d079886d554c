import { Reason, describeReason, protocolError, type PacketError } from '@antiphon/packet'
import { isPromiseLike } from '../authority/hook-result.js'
import { callAuthenticate } from '../authority/call-authenticate.js'
import type { ConnectVerdict, ConnectAttempt } from '../authority/authority.js'
import type { Engine } from '../engine/engine.js'
import type { ClientAuth } from '../packet/auth.js'

/** The connection that an authentication reports to. */
export interface AuthenticationHost {
  /** Sends an AUTH with the hook's challenge. */
  readonly challenged: (method: string, data: Uint8Array) => void
  readonly admitted: (verdict: Extract<ConnectVerdict, { admit: true }>) => void
  readonly disconnect: (reasonCode: number, text: string, serverReference?: string) => void
  /** Called after one of the above if the hook was asynchronous: continues reading. */
  readonly proceed: () => void
  readonly fail: (error: unknown) => void
}

/**
 * The authentication of one client by the `authenticate` hook, which is called once for CONNECT and once for each
 * AUTH.
 */
export class Authentication {
  /** Whether the hook is pending. */
  isPending = false
  #attempt: ConnectAttempt
  readonly #engine: Pick<Engine, 'settings' | 'hooks'>
  readonly #host: AuthenticationHost

  constructor(attempt: ConnectAttempt, engine: Pick<Engine, 'settings' | 'hooks'>, host: AuthenticationHost) {
    this.#attempt = attempt
    this.#engine = engine
    this.#host = host
  }

  get attempt(): ConnectAttempt {
    return this.#attempt
  }

  /** Calls the hook with the present attempt. */
  callHook(): void {
    const verdict = callAuthenticate(this.#engine.settings.authority, this.#engine.hooks, this.#attempt)
    if (!isPromiseLike(verdict)) return this.#apply(verdict)
    this.isPending = true
    verdict
      .then((result) => {
        this.isPending = false
        this.#apply(result)
        this.#host.proceed()
      })
      .catch(this.#host.fail)
  }

  /** Handles an AUTH of the client: its response to a challenge, or the start of a re-authentication. */
  handleAuth({ reasonCode, method, data }: ClientAuth): void {
    const { authenticationMethod, step, isReAuthentication } = this.#attempt
    if (authenticationMethod === undefined) throw authWithoutMethod()
    if (method !== authenticationMethod)
      throw protocolError('AUTH changes the Authentication Method [MQTT-4.12.0-5]')
    const expected = isReAuthentication && step === 0 ? Reason.reAuthenticate : Reason.continueAuthentication
    if (reasonCode !== expected)
      throw protocolError(
        `the reason code of AUTH is ${describeReason(reasonCode)}: it must be ${describeReason(expected)} here [MQTT-4.12.0-3, 4.12.1-1]`,
      )
    const { authenticationData: _, ...attempt } = this.#attempt
    this.#attempt = data === undefined ? attempt : { ...attempt, authenticationData: data }
    this.callHook()
  }

  #apply(verdict: ConnectVerdict): void {
    const { context: _context, authenticationData: _data, ...attempt } = this.#attempt
    const { authenticationMethod: method, step } = attempt
    if ('challenge' in verdict) {
      if (method === undefined) {
        return this.#host.disconnect(
          Reason.notAuthorized,
          'CONNECT had no Authentication Method, so that the client cannot be challenged',
        )
      }
      this.#attempt = { ...attempt, step: step + 1, context: verdict.context }
      return this.#host.challenged(method, verdict.challenge)
    }
    if (!verdict.admit) {
      const { reasonCode, reasonString = 'the broker did not admit the client', serverReference } = verdict
      return this.#host.disconnect(reasonCode, reasonString, serverReference)
    }
    this.#host.admitted(verdict)
    // The next AUTH starts a re-authentication.
    this.#attempt = { ...attempt, step: 0, isReAuthentication: true }
  }
}

/** Returns the error of an AUTH from a client that cannot be authenticated in steps. */
export function authWithoutMethod(): PacketError {
  return protocolError('AUTH although CONNECT had no Authentication Method [MQTT-4.12.0-7]')
}
