import type { AntiphonError } from '../errors.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import type { ExchangeRules } from './options.js'

/** Schedules the attempts of an exchange after the first one: after silence, or after an error with back-off. */
export class Retry {
  readonly #rules: ExchangeRules
  readonly #deadlines: Deadlines
  readonly #publish: () => void
  #nextAttempt: Deadline | undefined

  constructor(rules: ExchangeRules, deadlines: Deadlines, publish: () => void) {
    this.#rules = rules
    this.#deadlines = deadlines
    this.#publish = publish
  }

  /** Schedules the attempt that follows if there is no response to this one. */
  onAttempt(attempt: number): void {
    const { attempts, attemptTimeout } = this.#rules
    this.cancel()
    if (attempt < attempts) this.#nextAttempt = this.#deadlines.add(attemptTimeout, this.#publish)
  }

  /** Schedules the attempt that follows a failed one. Returns `false` if none is left or the error is not retryable. */
  onFailure(error: AntiphonError, attempt: number): boolean {
    const { attempts, isRetryable, backOff } = this.#rules
    if (attempt >= attempts || !isRetryable(error)) return false
    this.cancel()
    this.#nextAttempt = this.#deadlines.add(backOff(attempt), this.#publish)
    return true
  }

  /** Cancels the scheduled attempt, because the responder has the request or the exchange has settled. */
  cancel(): void {
    this.#nextAttempt?.cancel()
  }
}
