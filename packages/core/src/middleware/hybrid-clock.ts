import { v4 as uuid } from 'uuid'

/** How far ahead, in milliseconds, another's time may be to be believed. */
const DRIFT_LIMIT = 60_000

/**
 * A hybrid logical clock: the wall's time where it goes forward, and a counter where it does not, so that what was heard
 * before something is said always has the earlier stamp. Written `<15 digits of milliseconds>:<5 of counter>:<node>`.
 */
export class HybridClock {
  readonly #node = uuid()
  #time = 0
  #count = 0

  /** The next stamp, later than all before and all that was heard. */
  stamp(now: number): string {
    if (now > this.#time) {
      this.#time = now
      this.#count = 0
    } else this.#count++
    return `${digits(this.#time, 15)}:${digits(this.#count, 5)}:${this.#node}`
  }

  /** Takes note of another's stamp; one that says no time, or none that can be, is left aside. */
  hear(stamp: string, now: number): void {
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
