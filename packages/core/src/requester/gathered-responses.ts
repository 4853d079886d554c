import type { SchedulerLike } from 'rxjs'
import { requireNumber } from '../argument.js'
import { crc32c } from '../chunk/crc32c.js'
import type { Message } from '../message.js'
import type { DecodedOnce } from '../codec/decoded-once.js'
import type { Exchange } from './exchange.js'
import type { RequesterContext } from './requester-context.js'
import { readResponse, type ResponseHandler } from './response-handler.js'

/** When `gather$` completes before the `timeout` of the exchange. */
export interface GatherRules {
  /** The number of responses after which it completes. @defaultValue Infinity */
  readonly count?: number
  /** Milliseconds without another response after which it completes, from the first one on. @defaultValue Infinity */
  readonly stallTimeout?: number
  /** Whether a response with an empty payload completes it. @defaultValue false */
  readonly sentinel?: boolean
}

/** Returns the rules with their defaults. Throws `invalid-argument` if one of them is invalid. */
export function requireGatherRules({
  count = Infinity,
  stallTimeout = Infinity,
  sentinel = false,
}: GatherRules): Required<GatherRules> {
  requireNumber('count', count, { least: 1, isWhole: true })
  requireNumber('stallTimeout', stallTimeout, { least: 1e-3 })
  return { count, stallTimeout, sentinel }
}

/** The response handler of `gather$`: emits the responses of many responders until the rules are met. */
export class GatheredResponses implements ResponseHandler {
  readonly #rules: Required<GatherRules>
  /** When the total timeout elapses, on the link's clock. */
  readonly #endsAt: number
  readonly #scheduler: SchedulerLike
  readonly #contents = new Set<string>()
  #received = 0

  constructor(rules: Required<GatherRules>, { link, rules: { timeout } }: RequesterContext) {
    this.#rules = rules
    this.#scheduler = link.scheduler
    this.#endsAt = link.scheduler.now() + timeout
  }

  receive(response: DecodedOnce, exchange: Exchange): void {
    if (this.#isRedelivery(response.message)) return
    const { count, stallTimeout, sentinel } = this.#rules
    if (sentinel && response.message.payload.length === 0) {
      exchange.finish()
      return
    }
    exchange.emit(readResponse(response, exchange))
    this.#received++
    if (this.#received >= count) exchange.finish()
    else exchange.extendTimeout(Math.min(stallTimeout, this.#endsAt - this.#scheduler.now()))
  }

  onTimeout(): 'responded' {
    return 'responded'
  }

  /** Whether a response was received before. Without DUP, an equal one is from another responder. */
  #isRedelivery({ payload, userProperties, dup }: Message): boolean {
    const content = `${payload.length} ${crc32c(payload)} ${JSON.stringify(userProperties)}`
    if (dup && this.#contents.has(content)) return true
    this.#contents.add(content)
    return false
  }
}
