import { crc32c } from '../chunk/crc32c.js'
import type { DecodedOnce } from '../codec/decoded-once.js'
import type { AntiphonError } from '../errors.js'
import type { Message } from '../message.js'
import { countRule, durationRule, type OptionRules } from '../option-rules.js'
import { responderOf } from '../protocol/responder-name.js'
import type { Deadlines } from '../time/deadlines.js'
import type { Exchange } from './exchange.js'
import type { RequesterContext } from './requester-context.js'
import { readAccepted, rejectionOf, type ResponseHandler, type ResponseReading } from './response-handler.js'

/** When `gather$` completes before the `timeout` of the exchange. */
export interface GatherRules {
  /** The number of responses after which it completes. @defaultValue Infinity */
  readonly count?: number
  /** Milliseconds without another response after which it completes, from the first one on. @defaultValue Infinity */
  readonly stallTimeout?: number
  /** Whether a response with an empty payload completes it. @defaultValue false */
  readonly sentinel?: boolean
  /** The names of the responders after whose responses it completes; `responderOf` reads them. @defaultValue none */
  readonly responders?: readonly string[]
  /** Returns the name of the responder of a response. @defaultValue its User Property `__srcId` */
  readonly responderOf?: (response: Message) => string | undefined
}

/** The rules of the options in `GatherRules`. */
export const gatherOptionRules: OptionRules<GatherRules> = {
  count: countRule,
  stallTimeout: durationRule,
  sentinel: [true, false],
  responders: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string')
      ? undefined
      : 'it must be an array of at least one name',
  responderOf: 'function',
}

/** The rules with their defaults; `responders` is empty if none are expected. */
export type ResolvedGatherRules = Required<GatherRules>

/** The User Property with the time of sending, which differs if a response is sent again. */
const TIMESTAMP = '__ts'

/** The response handler of `gather$`: emits the responses of many responders until the rules are met. */
export class GatheredResponses implements ResponseHandler {
  readonly hasManyResponders = true
  readonly #rules: Required<GatherRules>
  /** The elapsed time at which the total timeout is due. */
  readonly #endsAt: number
  readonly #deadlines: Deadlines
  readonly #contents = new Set<string>()
  /** The expected responders that have not responded. */
  readonly #missing: Set<string>
  #received = 0

  constructor(rules: ResolvedGatherRules, { deadlines, rules: { timeout } }: RequesterContext) {
    this.#rules = rules
    this.#missing = new Set(rules.responders)
    this.#deadlines = deadlines
    this.#endsAt = deadlines.now() + timeout
  }

  receive(response: DecodedOnce, exchange: Exchange): void {
    if (this.#isRepeated(response.message)) return
    const rejection = rejectionOf(response, exchange)
    const isLast = this.#isLastExpected(response.message)
    if (rejection !== undefined) this.#emit({ error: rejection }, exchange)
    else if (this.#rules.sentinel && response.message.payload.length === 0) exchange.finish()
    else this.#emit(readAccepted(response, exchange), exchange)
    if (isLast) exchange.finish()
  }

  receiveFault(error: AntiphonError, exchange: Exchange): void {
    this.#emit({ error }, exchange)
  }

  #emit(reading: ResponseReading, exchange: Exchange): void {
    const { count, stallTimeout } = this.#rules
    exchange.emit(reading)
    this.#received++
    if (this.#received >= count) exchange.finish()
    else exchange.extendTimeout(Math.min(stallTimeout, this.#endsAt - this.#deadlines.now()))
  }

  /** Notes the responder of a response; returns whether all expected ones have responded now. */
  #isLastExpected(response: Message): boolean {
    if (this.#missing.size === 0) return false
    try {
      this.#missing.delete(this.#rules.responderOf(response) ?? '')
    } catch {
      // The application's function may throw on a malformed response, which is then from none of them.
    }
    return this.#missing.size === 0
  }

  onTimeout(): 'responded' {
    return 'responded'
  }

  /**
   * Whether a response was received before. An equal one without DUP is from another responder, unless both name the same
   * one: it has sent its response again.
   */
  #isRepeated(response: Message): boolean {
    const { payload, userProperties = [], dup } = response
    const responder = responderOf(response)
    const identifying =
      responder === undefined ? userProperties : userProperties.filter(([name]) => name !== TIMESTAMP)
    const content = `${payload.length} ${crc32c(payload)} ${JSON.stringify(identifying)}`
    if ((dup || responder !== undefined) && this.#contents.has(content)) return true
    this.#contents.add(content)
    return false
  }
}
