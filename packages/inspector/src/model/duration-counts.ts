/** Each bin ends 5 % above the one before it, the first at 0.1 ms. */
const GROWTH = Math.log(1.05)
const FIRST = 0.1

/** The bin of the longest durations, from half an hour on. */
const LAST_BIN = 345

/**
 * Counts durations in bins of equal relative width. Percentiles are exact to 5 %, and what they cost does not depend on how many
 * durations were added.
 */
export class DurationCounts {
  readonly #counts = new Map<number, number>()
  #total = 0

  /** The number of bins that are in use. */
  get bins(): number {
    return this.#counts.size
  }

  /** Counts a duration. */
  add(duration: number): void {
    this.#addToBin(binOf(duration), 1)
  }

  /** Adds what others have counted, or with -1 removes it. */
  merge(others: DurationCounts, sign: 1 | -1 = 1): void {
    for (const [bin, count] of others.#counts) this.#addToBin(bin, sign * count)
  }

  /** Returns the value below which a share of the durations lies; 0 without durations. */
  percentile(share: number): number {
    const bins = [...this.#counts].sort(([a], [b]) => a - b)
    let left = Math.max(1, Math.ceil(share * this.#total))
    for (const [bin, count] of bins) {
      left -= count
      if (left <= 0) return middleOf(bin)
    }
    return 0
  }

  #addToBin(bin: number, count: number): void {
    const sum = (this.#counts.get(bin) ?? 0) + count
    if (sum > 0) this.#counts.set(bin, sum)
    else this.#counts.delete(bin)
    this.#total += count
  }
}

function binOf(duration: number): number {
  return duration <= FIRST ? 0 : Math.min(LAST_BIN, Math.ceil(Math.log(duration / FIRST) / GROWTH))
}

/** Returns the middle of a bin. The first contains 0, which is what a virtual clock measures most often. */
function middleOf(bin: number): number {
  return bin === 0 ? 0 : FIRST * Math.exp((bin - 0.5) * GROWTH)
}
