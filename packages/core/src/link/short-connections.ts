import { AntiphonError } from '../errors.js'

/** Milliseconds after CONNACK within which the end of a connection is early. */
const SHORT = 5_000

/** After this many early ends in a row, their error names the likely causes. */
const LIMIT = 3

/** The error of a connection that was lost; `isFirst` if it is the first of its row to name the likely causes. */
export interface ExplainedLoss {
  readonly error: AntiphonError
  readonly isFirst: boolean
}

/**
 * Counts connections in a row that end without a reason, before CONNACK or soon after it.
 *
 * A broker that sends no DISCONNECT 0x8E, as any on 3.1.1, lets two clients with one client id disconnect each other for
 * ever; neither learns why. Other brokers refuse a client by closing its connection in place of CONNACK.
 */
export class ShortConnections {
  #short = 0
  #withoutConnack = 0

  /** Explains the end of a connection that the broker had accepted. */
  loseOnline(error: AntiphonError, timeOnline: number, clientId: string): ExplainedLoss {
    this.#withoutConnack = 0
    this.#short = timeOnline < SHORT && error.reasonCode === undefined ? this.#short + 1 : 0
    const causes = `another client may use the client id ${JSON.stringify(clientId)}, or the broker refuses a packet by closing`
    return explain(error, this.#short, `connections in a row ended within ${SHORT} ms of CONNACK: ${causes}`)
  }

  /** Explains the end of an attempt to connect. */
  loseConnecting(error: AntiphonError): ExplainedLoss {
    const { code, phase, reasonCode } = error
    const isSilent = code === 'connection-lost' && phase === 'after-network' && reasonCode === undefined
    this.#withoutConnack = isSilent ? this.#withoutConnack + 1 : 0
    const causes = 'the broker may refuse this client, its credentials or its protocol version by closing'
    return explain(error, this.#withoutConnack, `attempts in a row ended without CONNACK: ${causes}`)
  }
}

function explain(error: AntiphonError, count: number, explanation: string): ExplainedLoss {
  if (count < LIMIT) return { error, isFirst: false }
  const { code, phase, cause, rawMessage } = error
  const context = { cause, ...(phase === undefined ? {} : { phase }) }
  return {
    error: new AntiphonError(code, `${rawMessage}; ${count} ${explanation}`, context),
    isFirst: count === LIMIT,
  }
}
