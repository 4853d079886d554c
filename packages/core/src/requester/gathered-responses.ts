import { requireNumber } from '../argument.js'
import type { DecodedOnce } from './decoded-once.js'
import { readResponse, type ExchangeControl, type ResponseHandler } from './response-handler.js'

/** When a gathering has heard enough; the total time is the `timeout` of the exchange. */
export interface GatherRules {
  /** So many answers are enough. @defaultValue Infinity */
  readonly count?: number
  /** Milliseconds without another answer, from the first one on. @defaultValue the whole timeout */
  readonly stallTimeout?: number
  /** An answer with an empty payload says that no more will come. @defaultValue false */
  readonly sentinel?: boolean
}

/** Checks the rules of a gathering. */
export function requireGatherRules({
  count = Infinity,
  stallTimeout = Infinity,
  sentinel = false,
}: GatherRules): Required<GatherRules> {
  requireNumber('count', count, { least: 1, isWhole: true })
  requireNumber('stallTimeout', stallTimeout, { least: 1e-3 })
  return { count, stallTimeout, sentinel }
}

/** Takes the answers of many responders to one question, until it has heard enough. */
export class GatheredResponses implements ResponseHandler {
  readonly #rules: Required<GatherRules>
  /** When it is over at the latest, on the link's clock. */
  readonly #endsAt: number
  readonly #now: () => number
  #received = 0

  constructor(rules: Required<GatherRules>, timeout: number, now: () => number) {
    this.#rules = rules
    this.#endsAt = now() + timeout
    this.#now = now
  }

  receive(response: DecodedOnce, control: ExchangeControl): void {
    const { count, stallTimeout, sentinel } = this.#rules
    if (sentinel && response.message.payload.length === 0) {
      control.finish()
      return
    }
    control.emit(readResponse(response, control))
    this.#received++
    if (this.#received >= count) control.finish()
    else control.extendTimeout(Math.min(stallTimeout, this.#endsAt - this.#now()))
  }

  onTimeout(): 'responded' {
    return 'responded'
  }
}
