/** How many seconds a series has. */
const SECONDS = 120

/** How many durations of a second are kept for its percentiles. */
const MAX_DURATIONS = 500

/** What happened in one second. */
export interface SeriesPoint {
  /** Seconds since 1970. */
  readonly second: number
  readonly count: number
  readonly errors: number
  /** A sample of the durations, sorted. */
  readonly durations: readonly number[]
}

interface Bucket {
  second: number
  count: number
  errors: number
  durations: number[]
}

/** The rates and durations of the settled exchanges of one endpoint, over the latest two minutes. */
export class EndpointSeries {
  readonly name: string
  count = 0
  errors = 0
  readonly #buckets: Bucket[] = []

  constructor(name: string) {
    this.name = name
  }

  add(at: number, duration: number, isError: boolean): void {
    const second = Math.floor(at / 1_000)
    let bucket = this.#buckets.at(-1)
    if (bucket === undefined || bucket.second < second) {
      bucket = { second, count: 0, errors: 0, durations: [] }
      this.#buckets.push(bucket)
      if (this.#buckets.length > SECONDS) this.#buckets.shift()
    }
    this.count++
    bucket.count++
    if (isError) {
      this.errors++
      bucket.errors++
    }
    // Each duration of a second has the same chance to be in its sample.
    if (bucket.durations.length < MAX_DURATIONS) bucket.durations.push(duration)
    else {
      const index = Math.floor(Math.random() * bucket.count)
      if (index < MAX_DURATIONS) bucket.durations[index] = duration
    }
  }

  points(): readonly SeriesPoint[] {
    return this.#buckets.map(({ durations, ...rest }) => ({
      ...rest,
      durations: [...durations].sort((a, b) => a - b),
    }))
  }

  /** Returns a percentile of all durations in the series. */
  percentile(share: number): number {
    return percentileOf(
      this.#buckets.flatMap(({ durations }) => durations).sort((a, b) => a - b),
      share,
    )
  }
}

/** Returns the value below which a share of sorted values lies; 0 without values. */
export function percentileOf(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? sorted[0] ?? 0
}
