import { DurationCounts } from './duration-counts.js'

/** How many seconds a series has. */
const SECONDS = 120

/** What happened in one second. */
export interface SeriesPoint {
  /** Seconds since 1970. */
  readonly second: number
  readonly count: number
  readonly errors: number
  readonly durations: DurationCounts
}

/** The rates and durations of the settled exchanges of one endpoint, over the latest two minutes. */
export class EndpointSeries {
  readonly name: string
  count = 0
  errors = 0
  readonly #points: { -readonly [Name in keyof SeriesPoint]: SeriesPoint[Name] }[] = []
  /** The durations of all points. */
  readonly #durations = new DurationCounts()

  constructor(name: string) {
    this.name = name
  }

  /** Counts an exchange that has ended. */
  add(at: number, duration: number, isError: boolean): void {
    const second = Math.floor(at / 1_000)
    let point = this.#points.at(-1)
    if (point === undefined || point.second < second) {
      point = { second, count: 0, errors: 0, durations: new DurationCounts() }
      this.#points.push(point)
      const oldest = this.#points.length > SECONDS ? this.#points.shift() : undefined
      if (oldest !== undefined) this.#durations.merge(oldest.durations, -1)
    }
    this.count++
    point.count++
    if (isError) {
      this.errors++
      point.errors++
    }
    point.durations.add(duration)
    this.#durations.add(duration)
  }

  /** Returns the points of the latest two minutes, oldest first. */
  points(): readonly SeriesPoint[] {
    return this.#points
  }

  /** Returns a percentile of all durations in the series, exact to 5 %. */
  percentile(share: number): number {
    return this.#durations.percentile(share)
  }
}
