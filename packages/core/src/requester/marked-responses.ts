import { isLeft } from 'fp-ts/lib/Either.js'
import { reasonOf } from '../codec/decode-failure.js'
import type { DecodedOnce } from '../codec/decoded-once.js'
import type { AntiphonError } from '../errors.js'
import type { Exchange } from './exchange.js'
import { exchangeError } from './exchange-error.js'
import type { ExchangeRules } from './options.js'
import { readResponse, type ResponseHandler } from './response-handler.js'
import { timeoutError } from './timeout-error.js'

/**
 * The response handler of a `many` endpoint whose peers mark the last response in its payload. Without positions, responses
 * are emitted as they arrive.
 */
export class MarkedResponses implements ResponseHandler {
  readonly #timeout: number
  readonly #isLast: (response: unknown) => boolean
  #hasEmitted = false

  constructor({ timeout }: Pick<ExchangeRules, 'timeout'>, isLast: (response: unknown) => boolean) {
    this.#timeout = timeout
    this.#isLast = isLast
  }

  receive(response: DecodedOnce, exchange: Exchange): void {
    const reading = readResponse(response, exchange)
    if (reading.error !== undefined) return this.#fail(exchange, reading.error)
    const isLast = this.#readMark(response, exchange)
    if (typeof isLast === 'object') this.#fail(exchange, isLast)
    else if (isLast) exchange.finish(reading)
    else {
      this.#hasEmitted = true
      exchange.extendTimeout(this.#timeout)
      exchange.emit(reading.value)
    }
  }

  onTimeout(exchange: Exchange): AntiphonError | undefined {
    return this.#hasEmitted ? timeoutError(exchange, `no further item within ${this.#timeout} ms`) : undefined
  }

  #readMark(response: DecodedOnce, exchange: Exchange): boolean | AntiphonError {
    const decoded = response.read()
    try {
      return !isLeft(decoded) && this.#isLast(decoded.right)
    } catch (thrown) {
      return exchangeError(exchange, 'unknown', `isLast threw: ${reasonOf(thrown)}`, { cause: thrown })
    }
  }

  /** Fails the attempt, or the exchange once it has emitted an item, because another attempt would repeat that. */
  #fail(exchange: Exchange, error: AntiphonError): void {
    if (this.#hasEmitted) exchange.fail(error)
    else exchange.failAttempt(error)
  }
}
