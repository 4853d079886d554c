import { countRule, durationRule, type OptionRules } from '../option-rules.js'
import type { DecodedOnce } from './decoded-once.js'
import { readResponse, type ExchangeControl, type ResponseHandler } from './response-handler.js'

/** When `gather$` completes before the `timeout` of the exchange. */
export interface GatherRules {
  /** The number of responses after which it completes. @defaultValue Infinity */
  readonly count?: number
  /** Milliseconds without another response after which it completes, from the first one on. @defaultValue Infinity */
  readonly stallTimeout?: number
  /** Whether a response with an empty payload completes it. @defaultValue false */
  readonly sentinel?: boolean
}

/** The rules of the options in `GatherRules`. */
export const gatherOptionRules: OptionRules<GatherRules> = {
  count: countRule,
  stallTimeout: durationRule,
  sentinel: [true, false],
}

/** The response handler of `gather$`: emits the responses of many responders until the rules are met. */
export class GatheredResponses implements ResponseHandler {
  readonly #rules: Required<GatherRules>
  /** When the total timeout elapses, on the link's clock. */
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
