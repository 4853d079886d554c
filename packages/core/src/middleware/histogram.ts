/** How often a duration fell into each bucket. */
export interface HistogramView {
  readonly count: number
  /** Milliseconds, added up. */
  readonly sum: number
  /** Each bucket's upper bound in milliseconds, and how many durations are not above it but above the one before. */
  readonly buckets: readonly { readonly upTo: number; readonly count: number }[]
  /** A bound that at least this share of the durations, from 0 to 1, does not exceed; 0 when there are none. */
  readonly quantile: (share: number) => number
}

/** From an eighth of a millisecond to over an hour, each bound twice the one before. */
const BOUNDS: readonly number[] = Array.from({ length: 26 }, (_, place) => 2 ** (place - 3))

/** Counts durations in buckets that double: constant memory, and a view of them at any time. */
export class Histogram {
  readonly #counts = new Array<number>(BOUNDS.length + 1).fill(0)
  #count = 0
  #sum = 0

  record(milliseconds: number): void {
    const place = BOUNDS.findIndex((bound) => milliseconds <= bound)
    const bucket = place < 0 ? BOUNDS.length : place
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#count++
    this.#sum += milliseconds
  }

  view(): HistogramView {
    const buckets = this.#counts.map((count, place) => ({ upTo: BOUNDS[place] ?? Infinity, count }))
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
