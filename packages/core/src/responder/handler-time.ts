/** The weight of the latest run. */
const WEIGHT = 0.1

/** The least share of runs that is taken to end by itself, so that the average stays finite. */
const LEAST_SHARE = 0.01

/**
 * The average time that the latest runs of a handler would take if none was stopped.
 *
 * It is the time of all runs divided by the number of those that ended by themselves: an average of these alone would
 * leave out the slow runs, which are stopped, and so would be lowest under load.
 */
export class HandlerTime {
  #time = 0
  #share = 0
  #hasRuns = false

  /** Returns the average in milliseconds; 0 before the first run. */
  get average(): number {
    return this.#hasRuns ? this.#time / Math.max(LEAST_SHARE, this.#share) : 0
  }

  /** Notes a run, and whether it has ended by itself. */
  add(duration: number, isWhole: boolean): void {
    const weight = this.#hasRuns ? WEIGHT : 1
    this.#hasRuns = true
    this.#time += weight * (duration - this.#time)
    this.#share += weight * ((isWhole ? 1 : 0) - this.#share)
  }
}
