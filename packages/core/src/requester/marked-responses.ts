import { toUnion } from 'fp-ts/lib/Either.js'
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
    let { error } = reading
    let isLast = false
    if (error === undefined) {
      try {
        // `readResponse` has decoded it.
        isLast = this.#isLast(toUnion(response.read()))
      } catch (thrown) {
        error = exchangeError(exchange, 'unknown', `isLast threw: ${reasonOf(thrown)}`, { cause: thrown })
      }
    }
    if (error !== undefined) {
      // Another attempt would repeat the items that have been emitted.
      if (this.#hasEmitted) exchange.fail(error)
      else exchange.failAttempt(error)
    } else if (isLast) exchange.finish(reading as { readonly value: unknown })
    else {
      this.#hasEmitted = true
      exchange.extendTimeout(this.#timeout)
      exchange.emit(reading.value)
    }
  }

  onTimeout(exchange: Exchange): AntiphonError | undefined {
    return this.#hasEmitted ? timeoutError(exchange, `no further item within ${this.#timeout} ms`) : undefined
  }
}
