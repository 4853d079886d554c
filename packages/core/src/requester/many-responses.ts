import type { UserProperties } from '../message.js'
import { userProperty } from '../message.js'
import { streamPositionOf, type StreamPosition } from '../protocol/stream-position.js'
import type { DecodedOnce } from './decoded-once.js'
import {
  readResponse,
  readFailure,
  type ExchangeControl,
  type ResponseHandler,
  type TimeoutResult,
} from './response-handler.js'

/** How far ahead of a missing item later ones are kept. */
const REORDER_LIMIT = 1_024

/** How the items of a `many` exchange are taken. */
export interface ManyOptions {
  /** Milliseconds of silence after which the exchange fails. */
  readonly timeout: number
  /** How many items may be on their way to us; without it the responder sends as fast as it can. */
  readonly credit: number | undefined
  /** Whether an item counts as taken when it comes; else whoever takes it says so by `consumed`. */
  readonly isConsumedOnArrival: boolean
}

/** Puts the items of a stream in order: repairs what arrives out of turn, drops what comes twice, misses none. */
export class ManyResponses implements ResponseHandler {
  readonly requestProperties: UserProperties
  readonly #options: ManyOptions
  readonly #early = new Map<number, { readonly reply: DecodedOnce; readonly place: StreamPosition }>()
  #next = 0
  #taken = 0
  /** How many more items may come before the next grant. */
  #room: number
  #control: ExchangeControl | undefined

  constructor(options: ManyOptions) {
    this.#options = options
    this.#room = options.credit ?? Infinity
    this.requestProperties = options.credit === undefined ? [] : [['__credit', String(options.credit)]]
  }

  receive(response: DecodedOnce, control: ExchangeControl): void {
    this.#control = control
    const said = userProperty(response.message.userProperties, '__stream')
    const place = streamPositionOf(said)
    if (place === undefined) {
      const found = said === undefined ? 'is missing' : `is "${said}"`
      control.fail(
        readFailure(response, control) ?? control.failure('protocol', `the item’s __stream ${found}`),
      )
      return
    }
    if (place.index < this.#next || this.#early.has(place.index)) return
    if (place.index - this.#next > REORDER_LIMIT) {
      const gap = `item ${place.index} is here, and item ${this.#next} is still missing`
      control.fail(control.failure('protocol', `${gap}: too far apart to be repaired`))
      return
    }
    if (!place.isLast) this.#room--
    if (this.#room < 0) {
      control.fail(control.failure('protocol', `item ${place.index} came without a credit for it`))
      return
    }
    this.#extendTimeout(control)
    this.#early.set(place.index, { reply: response, place })
    this.#release(control)
  }

  onTimeout(control: ExchangeControl): TimeoutResult {
    if (this.#room === 0) {
      // The responder waits for us, and hears that we are alive.
      control.sendControl([['__grant', '0']])
      this.#extendTimeout(control)
      return 'waiting'
    }
    for (const { reply: response, place } of this.#early.values()) {
      // What the responder says of its failure tells more than the gap before it.
      const failure = place.isLast ? readFailure(response, control) : undefined
      if (failure !== undefined) return failure
    }
    const ahead = this.#early.size > 0 ? `, though ${this.#early.size} later ones did` : ''
    const silence = `item ${this.#next} did not come within ${this.#options.timeout} ms${ahead}`
    return control.failure('timeout', silence)
  }

  /** Whoever asked has taken one more item: grants the responder new ones, half a credit at a time. */
  consumed(): void {
    const { credit, timeout: silenceTimeout } = this.#options
    if (credit === undefined) return
    this.#taken++
    if (this.#taken * 2 < credit) return
    if (this.#room === 0) this.#control?.extendTimeout(silenceTimeout)
    this.#control?.sendControl([['__grant', String(this.#taken)]])
    this.#room += this.#taken
    this.#taken = 0
  }

  /** For the next item; for half as long where it is our turn to give a sign of life. */
  #extendTimeout(control: ExchangeControl): void {
    const { timeout: silenceTimeout } = this.#options
    control.extendTimeout(this.#room === 0 ? silenceTimeout / 2 : silenceTimeout)
  }

  #release(control: ExchangeControl): void {
    for (let item = this.#early.get(this.#next); item !== undefined; item = this.#early.get(this.#next)) {
      this.#early.delete(this.#next)
      this.#next++
      if (item.place.isLast) {
        const failure = readFailure(item.reply, control)
        if (failure === undefined) control.finish()
        else control.fail(failure)
        return
      }
      const reading = readResponse(item.reply, control)
      if (reading.error !== undefined) {
        control.fail(reading.error)
        return
      }
      control.emit(reading.value)
      if (this.#options.isConsumedOnArrival) this.consumed()
    }
  }
}
