import { asyncScheduler, type TimestampProvider } from 'rxjs'
import { v4 as uuid } from 'uuid'
import { requireArgument } from '../argument.js'
import { oncePer } from '../once-per.js'
import { type OptionRules, sizeRule } from '../option-rules.js'
import { validateString } from '../topic/mqtt-string.js'
import { formatTimestamp, MAX_COUNT, parseTimestamp, type Timestamp } from './timestamp.js'

/** Options of a `HybridClock`. */
export interface HybridClockOptions {
  /** The wall clock, such as the scheduler of a link. @defaultValue asyncScheduler */
  readonly wallClock?: TimestampProvider
  /** The name of the clock in its timestamps. @defaultValue a UUID */
  readonly node?: string
  /** Milliseconds by which a received timestamp may be ahead of the wall clock. @defaultValue 60 000 */
  readonly maxDrift?: number
}

const optionRules: OptionRules<HybridClockOptions> = {
  wallClock: 'object',
  node: (value) => {
    if (typeof value !== 'string' || value === '') return 'it must be a string that is not empty'
    return validateString(value)
  },
  maxDrift: sizeRule,
}

/** Why a clock ignores a timestamp: the text cannot be parsed, or its time is too far ahead of the wall clock. */
export type TimestampFault = 'malformed' | 'drift'

/**
 * A hybrid logical clock: wall-clock time, with a counter for events within the same millisecond.
 *
 * Its timestamps are later than all that it has created and received before, even if the wall clock stands still or goes
 * back, so that an event is never dated before its cause.
 *
 * @example
 * ```ts
 * const clock = applicationClock()
 * clock.receive('001732968000123:00004:device-7')
 * clock.stamp() // later than that
 * ```
 */
export class HybridClock {
  /** The name of the clock in its timestamps. */
  readonly node: string
  readonly #wallClock: TimestampProvider
  readonly #maxDrift: number
  #milliseconds = 0
  #count = 0

  constructor(options: HybridClockOptions = {}) {
    requireArgument('options', options, optionRules)
    const { wallClock = asyncScheduler, node = uuid(), maxDrift = 60_000 } = options
    this.#wallClock = wallClock
    this.node = node
    this.#maxDrift = maxDrift
  }

  /** Returns the latest timestamp that the clock has created or received, without advancing the clock. */
  get latest(): Timestamp {
    return { milliseconds: this.#milliseconds, count: this.#count, node: this.node }
  }

  /** Advances the clock, and returns a timestamp later than all before, as text. */
  stamp(): string {
    const now = this.#wallClock.now()
    if (now > this.#milliseconds) this.#set(now, 0)
    else if (this.#count < MAX_COUNT) this.#count++
    else this.#set(this.#milliseconds + 1, 0)
    return formatTimestamp(this.latest)
  }

  /** Advances the clock past a received timestamp. Returns why the timestamp is ignored; `undefined` if it is not. */
  receive(text: string): TimestampFault | undefined {
    const received = parseTimestamp(text)
    if (received === undefined) return 'malformed'
    const { milliseconds, count } = received
    if (milliseconds > this.#wallClock.now() + this.#maxDrift) return 'drift'
    if (milliseconds > this.#milliseconds) this.#set(milliseconds, count)
    else if (milliseconds === this.#milliseconds) this.#count = Math.max(this.#count, count)
    return undefined
  }

  #set(milliseconds: number, count: number): void {
    this.#milliseconds = Math.floor(milliseconds)
    this.#count = count
  }
}

const clockOf: (wallClock: TimestampProvider) => HybridClock = oncePer(
  (wallClock) => new HybridClock({ wallClock }),
)

/** Returns the clock that all links with the same scheduler share: in a process without virtual time, there is one. */
export function applicationClock(wallClock: TimestampProvider = asyncScheduler): HybridClock {
  return clockOf(wallClock)
}
