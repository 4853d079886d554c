import { AntiphonError } from '../errors.js'

/** Milliseconds after CONNACK within which the end of a connection is early. */
const SHORT = 5_000

/** After this many early ends in a row, their error names the likely causes. */
const LIMIT = 3

/**
 * Counts connections in a row that end soon after CONNACK without a reason.
 *
 * A broker that sends no DISCONNECT 0x8E, as any on 3.1.1, lets two clients with one client id disconnect each other for
 * ever; neither learns why.
 */
export class ShortConnections {
  #count = 0

  /** Returns the error of a connection that was lost; `isFirst` if it is the first of its row to name the likely causes. */
  lose(
    error: AntiphonError,
    timeOnline: number,
    clientId: string,
  ): { readonly error: AntiphonError; readonly isFirst: boolean } {
    this.#count = timeOnline < SHORT && error.reasonCode === undefined ? this.#count + 1 : 0
    if (this.#count < LIMIT) return { error, isFirst: false }
    const causes = `another client may use the client id ${JSON.stringify(clientId)}, or the broker refuses a packet by closing`
    const text = `${error.rawMessage}; ${this.#count} connections in a row ended within ${SHORT} ms of CONNACK: ${causes}`
    const { code, phase, cause } = error
    return {
      error: new AntiphonError(code, text, { cause, ...(phase === undefined ? {} : { phase }) }),
      isFirst: this.#count === LIMIT,
    }
  }
}
