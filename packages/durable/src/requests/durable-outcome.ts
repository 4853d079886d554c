import type { EndpointTypes, ExchangeError } from '@antiphon/core'
import type { Either } from 'fp-ts/lib/Either.js'

/** How a durable request ended. It stays in the store until it is acknowledged. */
export interface DurableOutcome<T extends EndpointTypes> {
  /** The key under which the request was sent. */
  readonly key: string
  /** The response, or the error with which the exchange failed. */
  readonly result: Either<ExchangeError, T['response']>
  /**
   * Removes the outcome from the store, so that it is not emitted after the next start; the key may then be used again. Call
   * it when the application has done with the result what must not be lost. Idempotent. Rejects if the store cannot be written.
   */
  readonly acknowledge: () => Promise<void>
}
