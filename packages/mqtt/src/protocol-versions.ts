import type { AntiphonError } from '@antiphon/core'

/** The reason codes with which a broker refuses MQTT 5: that of MQTT 5, and the return code of MQTT 3.1.1. */
const VERSION_REFUSALS: ReadonlySet<number> = new Set([0x84, 0x01])

/** The errors of a socket that the broker has closed. */
const CLOSED_BY_PEER: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/** After how many closes at CONNECT, each followed by an accepted CONNECT of 3.1.1, MQTT 5 is not tried again. */
const CLOSES_TO_REMEMBER = 2

/**
 * The protocol version of each connection. With `auto`, MQTT 5 comes first, and 3.1.1 where the broker refuses it.
 *
 * A refusal is remembered for the next connections. A close at CONNECT may have other reasons, so it is remembered when it
 * has happened twice, and not counted for a broker that has accepted MQTT 5.
 */
export class ProtocolVersions {
  readonly #option: 4 | 5 | 'auto'
  #isRefused = false
  #hasAccepted5 = false
  #closes = 0

  constructor(option: 4 | 5 | 'auto') {
    this.#option = option
  }

  /** Returns the version of the next connection. */
  get next(): 4 | 5 {
    if (this.#option !== 'auto') return this.#option
    return this.#isRefused || this.#closes >= CLOSES_TO_REMEMBER ? 4 : 5
  }

  /** Notes an accepted connection. `follows` is the error for which MQTT 3.1.1 was tried. */
  onAccepted(version: 4 | 5, follows: AntiphonError | undefined): void {
    if (version === 5) this.#hasAccepted5 = true
    else if (follows?.code === 'connection-refused') this.#isRefused = true
    else if (follows !== undefined) this.#closes++
  }

  /** Whether MQTT 3.1.1 is to be tried at once, in place of a connection that failed before it was online. */
  isDowngraded(version: 4 | 5, error: AntiphonError): boolean {
    if (this.#option !== 'auto' || version === 4) return false
    if (error.code === 'connection-refused') return VERSION_REFUSALS.has(error.reasonCode ?? 0)
    return !this.#hasAccepted5 && isClosedAtConnect(error)
  }
}

/** Whether the broker closed the connection after CONNECT without a word. */
function isClosedAtConnect({ code, phase, cause }: AntiphonError): boolean {
  if (code !== 'connection-lost' || phase !== 'after-network') return false
  return cause === undefined || CLOSED_BY_PEER.has((cause as { readonly code?: unknown }).code)
}
