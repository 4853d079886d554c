/** The counts of a histogram of durations. */
export interface HistogramView {
  readonly count: number
  /** The sum of all durations in milliseconds. */
  readonly sum: number
  /** The buckets: each with its inclusive upper bound in milliseconds and the number of durations in it. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[]
  /** Returns the smallest bucket bound below which at least `share` (0 to 1) of the durations lie; 0 without durations. */
  readonly quantile: (share: number) => number
}

/** From an eighth of a millisecond to over an hour, each bound twice the previous one. */
const BOUNDS: readonly number[] = Array.from({ length: 26 }, (_, index) => 2 ** (index - 3))

/** Counts durations in buckets of doubling width, in constant memory. */
export class Histogram {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0)
  #count = 0
  #sum = 0

  record(milliseconds: number): void {
    const index = BOUNDS.findIndex((bound) => milliseconds <= bound)
    const bucket = index < 0 ? BOUNDS.length : index
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count++
    this.#sum += milliseconds
  }

  view(): HistogramView {
    const buckets = this.#counts.map((count, index) => ({ upTo: BOUNDS[index] ?? Infinity, count }))
    const count = this.#count
    const quantile = (share: number): number => {
      let seen = 0
      for (const bucket of buckets) {
        seen += bucket.count
        if (seen > 0 && seen >= share * count) return bucket.upTo
      }
      return 0
    }
    return { count, sum: this.#sum, buckets, quantile }
  }
}
