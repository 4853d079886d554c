import { reasonOf } from '../codec/decode-failure.js'
import { AntiphonError, type ErrorCode } from '../errors.js'
import { Status } from '../protocol/status.js'
import type { Deadline, Deadlines } from '../time/deadlines.js'
import { resend } from './control-channel.js'
import type { Exchange } from './exchange.js'
import type { ExchangeRules } from './options.js'
import type { RetryBudget } from './retry-budget.js'
import { latenessOf } from './round-trips.js'

/**
 * Whether the attempt after a response that failed needs a new correlation: a responder repeats any failure from its cache,
 * except the 503 of a busy one, and a request without a token goes to the end of the order.
 */
export function needsRenewal({ status }: AntiphonError, { requester, request }: Exchange): boolean {
  const isBusy = status?.code === Status.unavailable && !status.isApplicationError
  return requester.endpoint.correlation.isOrdered || (request.token !== '' && !isBusy)
}

/** Whether a responder would repeat its failure on every attempt, because the value fixes the token of the request. */
export function mustRepeat(error: AntiphonError, exchange: Exchange): boolean {
  return error.code === 'status' && needsRenewal(error, exchange) && exchange.request.hasFixedToken
}

/** The errors of a request that a responder may still be handling. */
const UNANSWERED: ReadonlySet<ErrorCode> = new Set(['timeout', 'connection-lost', 'subscribe-refused'])

/** Whether a responder may still be handling a request that failed with this code. */
export function mayBeRunning(code: ErrorCode): boolean {
  return UNANSWERED.has(code)
}

/** Why a request that may be sent again was not. */
const BUDGET_USED_UP = 'the retry budget of the endpoint is used up'

function withoutRetry(error: AntiphonError, reason: string): AntiphonError {
  const text = `${error.rawMessage}; not sent again, because ${reason}`
  return new AntiphonError(error.code, text, { cause: error }).withContext(error)
}

/** Schedules the attempts of an exchange after the first one: after silence, or after an error with back-off. */
export class Retry {
  readonly #exchange: Exchange
  readonly #rules: ExchangeRules
  readonly #deadlines: Deadlines
  readonly #budget: RetryBudget
  #nextAttempt: Deadline | undefined
  /** Why the latest attempt was not sent. */
  #denial: string | undefined

  constructor(exchange: Exchange, budget: RetryBudget) {
    const { rules, deadlines } = exchange.requester
    this.#exchange = exchange
    this.#rules = rules
    this.#deadlines = deadlines
    this.#budget = budget
  }

  /** Returns the end of the text of a timeout: why a retry was not sent. */
  get hint(): string {
    return this.#denial === undefined ? '' : `. It was not sent again, because ${this.#denial}`
  }

  /** Notes the response of the exchange. */
  onResponse(): void {
    this.#budget.refill()
  }

  /** Publishes the request again after silence, if that is not in vain; otherwise the exchange only waits. */
  publish(): void {
    this.#denial = this.#reasonAgainst(0)
    if (this.#denial === undefined) this.#exchange.publish()
  }

  /** Notes why an attempt was not sent. */
  deny(reason: string): void {
    this.#denial = reason
  }

  /** Takes a retry from the budget, to be sent after a delay. Returns why the request is not sent again. */
  #reasonAgainst(delay: number): string | undefined {
    const lateness = latenessOf(this.#exchange, delay)
    if (lateness !== undefined) return lateness
    return this.#budget.take() ? undefined : BUDGET_USED_UP
  }

  /** Schedules the attempt that follows if there is no response to this one, or none after its acceptance. */
  onAttempt(attempt: number, timeLeft: number): void {
    const { attempts } = this.#rules
    this.cancel()
    if (attempt >= attempts) return
    const onSilent = (): void => resend(this.#exchange, () => this.publish())
    this.#nextAttempt = this.#deadlines.add(this.#silenceAfter(attempt, timeLeft), onSilent)
  }

  /**
   * Schedules the attempt that follows a failed one. Returns the error with which the exchange fails instead, if no attempt
   * is left or the error is not retryable.
   */
  onFailure(error: AntiphonError, attempt: number): AntiphonError | undefined {
    const { attempts, isRetryable, backOff } = this.#rules
    let delay: number
    try {
      if (attempt >= attempts || !isRetryable(error)) return error
      delay = backOff(attempt)
    } catch (thrown) {
      const cause: unknown = thrown
      return new AntiphonError(
        'unknown',
        `cannot retry: a function of options.retry threw: ${reasonOf(thrown)}`,
        { cause },
      )
    }
    const reason = this.#reasonAgainst(delay)
    if (reason !== undefined) return withoutRetry(error, reason)
    this.cancel()
    this.#nextAttempt = this.#deadlines.add(delay, () => this.#exchange.publish())
    return undefined
  }

  /** Returns how long an attempt may be silent. Each further attempt keeps an equal share of the time left. */
  #silenceAfter(attempt: number, timeLeft: number): number {
    const { attempts, attemptTimeout, silenceBackOff } = this.#rules
    if (silenceBackOff === undefined) return attemptTimeout
    let delay = 0
    try {
      delay = silenceBackOff(attempt)
    } catch {
      // The application's `random` may throw; the next attempt is then sent without a delay.
    }
    const share = timeLeft / (attempts - attempt + 1)
    return Math.max(attemptTimeout, Math.min(attemptTimeout + delay, share))
  }

  /** Cancels the scheduled attempt, because the responder has the request or the exchange has settled. */
  cancel(): void {
    this.#nextAttempt?.cancel()
  }
}
