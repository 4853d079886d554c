import { isPromiseLike } from '../authority/hook-result.js'
import { authenticate } from '../authority/authenticate.js'
import type { ConnectVerdict, Authority, ConnectAttempt } from '../authority/authority.js'
import type { AuthPacket } from '../packet/auth.js'
import { Reason } from '../packet/reason.js'
import { protocolError } from '../packet/violation.js'

/** What becomes of a client that is asked who it is. */
export interface AuthenticationHost {
  readonly challenged: (method: string, data: Uint8Array) => void
  readonly admitted: (admission: Extract<ConnectVerdict, { admit: true }>) => void
  readonly disconnect: (reasonCode: number, text: string, serverReference?: string) => void
  /** Called after any of these, when the hook took its time. */
  readonly proceed: () => void
  readonly fail: (error: unknown) => void
}

/** One client's way through the authenticating hook: a single question, or one for each step of its method. */
export class Authentication {
  /** The hook takes its time. */
  isDeciding = false
  #attempt: ConnectAttempt
  readonly #authority: Authority
  readonly #host: AuthenticationHost

  constructor(attempt: ConnectAttempt, authority: Authority, host: AuthenticationHost) {
    this.#attempt = attempt
    this.#authority = authority
    this.#host = host
  }

  get attempt(): ConnectAttempt {
    return this.#attempt
  }

  /** Asks the hook about the attempt as it stands. */
  ask(): void {
    const admission = authenticate(this.#authority, this.#attempt)
    if (!isPromiseLike(admission)) return this.#tell(admission)
    this.isDeciding = true
    admission
      .then((given) => {
        this.isDeciding = false
        this.#tell(given)
        this.#host.proceed()
      })
      .catch(this.#host.fail)
  }

  /** Takes an AUTH of the client's: the answer to a challenge, or a beginning anew by one that is in. */
  answered({ reasonCode, method, data }: AuthPacket): void {
    const { authenticationMethod, step, isReAuthentication } = this.#attempt
    if (authenticationMethod === undefined) {
      throw protocolError('AUTH from a client whose CONNECT named no method [MQTT-4.12.0-7]')
    }
    if (method !== authenticationMethod) throw protocolError('AUTH changes the method [MQTT-4.12.0-5]')
    const expected = isReAuthentication && step === 0 ? Reason.reAuthenticate : Reason.continueAuthentication
    if (reasonCode !== expected)
      throw protocolError('AUTH with the reason code of another moment [MQTT-4.12.0-3, 4.12.1-1]')
    const { authenticationData: _, ...attempt } = this.#attempt
    this.#attempt = data === undefined ? attempt : { ...attempt, authenticationData: data }
    this.ask()
  }

  #tell(admission: ConnectVerdict): void {
    const { context: _context, authenticationData: _data, ...attempt } = this.#attempt
    const { authenticationMethod: method, step } = attempt
    if ('challenge' in admission) {
      if (method === undefined) {
        return this.#host.disconnect(Reason.notAuthorized, 'a client that has no method cannot be challenged')
      }
      this.#attempt = { ...attempt, step: step + 1, context: admission.context }
      return this.#host.challenged(method, admission.challenge)
    }
    if (!admission.admit) {
      const { reasonCode, reasonString = 'the client is not let in', serverReference } = admission
      return this.#host.disconnect(reasonCode, reasonString, serverReference)
    }
    this.#host.admitted(admission)
    // What comes next would be a beginning anew.
    this.#attempt = { ...attempt, step: 0, isReAuthentication: true }
  }
}
