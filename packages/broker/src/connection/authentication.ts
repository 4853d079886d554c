import { authenticate } from '../authority/authenticate.js'
import type { Admission, Authority, ConnectAttempt } from '../authority/authority.js'
import type { AuthPacket } from '../packet/auth.js'
import { Reason } from '../packet/reason.js'
import { protocolError } from '../packet/violation.js'

/** One client's way through the authenticating hook: a single question, or one for each step of its method. */
export class Authentication {
  #attempt: ConnectAttempt
  readonly #authority: Authority

  constructor(attempt: ConnectAttempt, authority: Authority) {
    this.#attempt = attempt
    this.#authority = authority
  }

  get attempt(): ConnectAttempt {
    return this.#attempt
  }

  /** Asks the hook about the attempt as it stands. */
  ask(): Admission | Promise<Admission> {
    return authenticate(this.#authority, this.#attempt)
  }

  /** The hook wants to know more. */
  challenged(context: unknown): void {
    this.#attempt = { ...this.#attempt, step: this.#attempt.step + 1, context }
  }

  /** The hook is satisfied; what comes next would be a beginning anew. */
  admitted(): void {
    const { context: _context, authenticationData: _data, ...attempt } = this.#attempt
    this.#attempt = { ...attempt, step: 0, isReAuthentication: true }
  }

  /** Takes an AUTH of the client's: the answer to a challenge, or a beginning anew by one that is in. */
  answered({ reasonCode, method, data }: AuthPacket): void {
    const { authenticationMethod, step, isReAuthentication } = this.#attempt
    if (authenticationMethod === undefined) {
      throw protocolError('AUTH from a client whose CONNECT named no method [MQTT-4.12.0-6]')
    }
    if (method !== authenticationMethod) throw protocolError('AUTH changes the method [MQTT-4.12.0-5]')
    const expected = isReAuthentication && step === 0 ? Reason.reAuthenticate : Reason.continueAuthentication
    if (reasonCode !== expected) throw protocolError('AUTH with the reason code of another moment')
    const { authenticationData: _, ...attempt } = this.#attempt
    this.#attempt = data === undefined ? attempt : { ...attempt, authenticationData: data }
  }
}
