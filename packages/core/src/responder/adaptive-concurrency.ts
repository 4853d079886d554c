import { countRule, durationRule, type OptionRule, type OptionRules, violationOf } from '../option-rules.js'

/** The number of handlers that run at once, adapted to how long they take. */
export interface AdaptiveConcurrency {
  /** Milliseconds that a handler may take on average before fewer of them run at once. */
  readonly target: number
  /** The least number, with which it begins. @defaultValue 4 */
  readonly minimum?: number
  /** The greatest number. @defaultValue 256 */
  readonly maximum?: number
}

const MINIMUM = 4
const MAXIMUM = 256

/** The share of handlers that remains when they take too long. */
const DECREASE = 0.9

const optionRules: OptionRules<AdaptiveConcurrency> = {
  target: durationRule,
  minimum: countRule,
  maximum: countRule,
}

/** The rule of a number of handlers, or of the options that adapt it. */
export const concurrencyRule: OptionRule = (value, context) => {
  if (typeof value !== 'object') return violationOf(countRule, value, context)
  const violation = violationOf(optionRules, value, context)
  if (violation !== undefined) return violation
  const { target, minimum = MINIMUM, maximum = MAXIMUM } = value as Partial<AdaptiveConcurrency>
  if (target === undefined) return '.target is missing: it must be a number of milliseconds'
  return maximum < minimum ? `.maximum is ${maximum}: it must be at least minimum, ${minimum}` : undefined
}

/**
 * How many handlers may run at once: a fixed number, or one that is found by additive increase and multiplicative decrease.
 *
 * It is adapted once in as many runs as it allows: one more if all were busy and took no longer than the target on average,
 * a tenth fewer if they took longer.
 */
export class ConcurrencyLimit {
  readonly #target: number
  readonly #minimum: number
  readonly #maximum: number
  #limit: number
  #runs = 0
  #wasReached = false

  constructor(concurrency: number | AdaptiveConcurrency) {
    const isFixed = typeof concurrency === 'number'
    const {
      target,
      minimum = MINIMUM,
      maximum = MAXIMUM,
    } = isFixed ? { target: Infinity, minimum: concurrency, maximum: concurrency } : concurrency
    this.#target = target
    this.#minimum = minimum
    this.#maximum = maximum
    this.#limit = minimum
  }

  /** Returns how many handlers may run at once. */
  get size(): number {
    return this.#limit
  }

  /** Returns whether another handler may run beside so many. */
  hasRoom(running: number): boolean {
    if (running < this.#limit) return true
    this.#wasReached = true
    return false
  }

  /** Notes the end of a run, and the average time of the latest runs. */
  onEnd(average: number): void {
    if (++this.#runs < this.#limit) return
    if (average > this.#target) this.#limit = Math.max(this.#minimum, Math.floor(this.#limit * DECREASE))
    else if (this.#wasReached) this.#limit = Math.min(this.#maximum, this.#limit + 1)
    this.#runs = 0
    this.#wasReached = false
  }
}
