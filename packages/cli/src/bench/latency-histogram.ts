import { createHistogram } from 'node:perf_hooks'
import type { Percentiles } from '../output/percentiles.js'
import { roundedTime } from '../output/rounded-time.js'

/** The longest latency that is recorded exactly, in microseconds: an hour. */
const longest = 3_600_000_000
/** The steps of the percentile distribution between a percentile and the next halving of the rest. */
const ticksPerHalfDistance = 5

/** Latencies in an HDR histogram of three significant digits, which takes the same memory for any number of them. */
export class LatencyHistogram {
  readonly #histogram = createHistogram({ lowest: 1, highest: longest, figures: 3 })

  /** The number of latencies. */
  get count(): number {
    return this.#histogram.count
  }

  /** Adds a latency in milliseconds. */
  add(milliseconds: number): void {
    this.#histogram.record(Math.min(longest, Math.max(1, Math.round(milliseconds * 1_000))))
  }

  /** Returns the percentiles in milliseconds; `undefined` without any latency. */
  percentiles(): Percentiles | undefined {
    if (this.count === 0) return undefined
    const at = (percentile: number): number => roundedTime(this.#histogram.percentile(percentile) / 1_000)
    return { p50: at(50), p90: at(90), p99: at(99), max: roundedTime(this.#histogram.max / 1_000) }
  }

  /** Returns the latencies below each of some limits, in milliseconds, and those beyond the last. */
  countsBelow(limits: readonly number[]): readonly number[] {
    const below = limits.map((limit) => this.#countUpTo(limit * 1_000))
    return [...below, this.count].map((total, index) => total - (below[index - 1] ?? 0))
  }

  /** Returns the percentile distribution in the text format of HdrHistogram, in milliseconds. */
  toText(): string {
    const lines = ['       Value     Percentile TotalCount 1/(1-Percentile)', '']
    for (const percentile of percentileSteps(this.count)) {
      const value = percentile === 100 ? this.#histogram.max : this.#histogram.percentile(percentile)
      const share = percentile / 100
      const total = percentile === 100 ? this.count : this.#countUpTo(value)
      const rest = percentile === 100 ? '' : (1 / (1 - share)).toFixed(2).padStart(14)
      lines.push(
        `${(value / 1_000).toFixed(3).padStart(12)} ${share.toFixed(12)} ${String(total).padStart(10)} ${rest}`.trimEnd(),
      )
    }
    const { mean, stddev, max } = this.#histogram
    const number = (value: number): string => (value / 1_000).toFixed(3).padStart(12)
    lines.push(
      `#[Mean    = ${number(mean)}, StdDeviation   = ${number(stddev)}]`,
      `#[Max     = ${number(max)}, Total count    = ${String(this.count).padStart(12)}]`,
    )
    return `${lines.join('\n')}\n`
  }

  /** Returns how many latencies are at most `value` microseconds, by bisection of the percentiles. */
  #countUpTo(value: number): number {
    if (this.count === 0 || value < this.#histogram.min) return 0
    let [low, high] = [1, this.count]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (this.#histogram.percentile((middle / this.count) * 100) <= value) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Returns the percentiles of the distribution: their distance halves towards 100. */
function* percentileSteps(count: number): Generator<number> {
  if (count === 0) return
  const most = 100 - 100 / (2 * count)
  // `percentile` takes a number above 0.
  let percentile = 1e-6
  yield percentile
  for (let half = 1; percentile < most; half += 1) {
    const step = 100 / 2 ** half / ticksPerHalfDistance
    for (let tick = 0; tick < ticksPerHalfDistance && percentile < most; tick += 1) {
      percentile = Math.min(100, percentile + step)
      if (percentile < most) yield percentile
    }
  }
  yield 100
}
