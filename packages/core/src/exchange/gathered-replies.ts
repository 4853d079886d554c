import { requireNumber } from '../argument.js'
import type { DecodedOnce } from './received.js'
import { read, type ExchangeControl, type Replies } from './replies.js'

/** When a gathering has heard enough; the total time is the `timeout` of the exchange. */
export interface GatherRules {
  /** So many answers are enough. @defaultValue Infinity */
  readonly count?: number
  /** Milliseconds without another answer, from the first one on. @defaultValue the whole timeout */
  readonly stall?: number
  /** An answer with an empty payload says that no more will come. @defaultValue false */
  readonly sentinel?: boolean
}

/** Checks the rules of a gathering. */
export function requireGatherRules({
  count = Infinity,
  stall = Infinity,
  sentinel = false,
}: GatherRules): Required<GatherRules> {
  requireNumber('count', count, { least: 1, isWhole: true })
  requireNumber('stall', stall, { least: 1e-3 })
  return { count, stall, sentinel }
}

/** Takes the answers of many responders to one question, until it has heard enough. */
export class GatheredReplies implements Replies {
  readonly #rules: Required<GatherRules>
  /** When it is over at the latest, on the link's clock. */
  readonly #endsAt: number
  readonly #now: () => number
  #heard = 0

  constructor(rules: Required<GatherRules>, timeout: number, now: () => number) {
    this.#rules = rules
    this.#endsAt = now() + timeout
    this.#now = now
  }

  receive(reply: DecodedOnce, control: ExchangeControl): void {
    const { count, stall, sentinel } = this.#rules
    if (sentinel && reply.message.payload.length === 0) {
      control.finish()
      return
    }
    control.emit(read(reply, control))
    this.#heard++
    if (this.#heard >= count) control.finish()
    else control.postpone(Math.min(stall, this.#endsAt - this.#now()))
  }

  timedOut(): 'answered' {
    return 'answered'
  }
}
