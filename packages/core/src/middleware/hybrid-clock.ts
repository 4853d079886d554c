import { v4 as uuid } from 'uuid'

/** Milliseconds by which a received timestamp may be ahead of the local clock; timestamps further ahead are ignored. */
const DRIFT_LIMIT = 60_000

/** The length of a timestamp: 15 digits, 5 digits, a UUID and two colons. */
export const TIMESTAMP_SIZE: number = 15 + 5 + 36 + 2

/**
 * A hybrid logical clock: wall-clock time, with a counter for events within the same millisecond.
 *
 * Its timestamps are later than all received before, even if the wall clock stands still or goes back. Their format is
 * `<15 digits of milliseconds>:<5 digits of counter>:<node>`.
 */
export class HybridClock {
  readonly #node = uuid()
  #time = 0
  #count = 0

  /** Returns a timestamp later than all created and received before. */
  stamp(now: number): string {
    if (now > this.#time) {
      this.#time = now
      this.#count = 0
    } else this.#count++
    return `${digits(this.#time, 15)}:${digits(this.#count, 5)}:${this.#node}`
  }

  /** Advances the clock past a received timestamp. Ignores malformed timestamps and those too far ahead. */
  update(stamp: string, now: number): void {
    const parts = /^(\d{15}):(\d{5}):/.exec(stamp)
    if (parts === null) return
    const [time, count] = parts.slice(1, 3).map(Number) as [number, number]
    if (time > now + DRIFT_LIMIT || time < this.#time) return
    this.#count = time === this.#time ? Math.max(this.#count, count) : count
    this.#time = time
  }
}

function digits(value: number, length: number): string {
  return String(Math.floor(value)).padStart(length, '0')
}
