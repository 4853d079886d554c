import type { Sample } from './sample.js'
import { trendOf, type Trend } from './trend.js'

/** The samples of one process. */
export interface ProcessSamples {
  readonly process: string
  /** From before the load to after it. */
  readonly samples: readonly Sample[]
}

/** One number of one process over the steady part of the load. */
export interface Metric {
  readonly process: string
  readonly name: string
  readonly unit: 'bytes' | 'count'
  /** The median. */
  readonly median: number
  /** The trend per minute. */
  readonly trend: Trend
  /** The growth per minute that is allowed beyond the uncertainty of the slope. */
  readonly bound: number
  readonly isFlat: boolean | 'too short to tell'
}

/** The share of the load after which caches and pools have filled up. */
const warmUp = 0.3

/** The growth in bytes per request that is allowed. */
const bytesPerRequest = 8

/** The growth of a count per minute that is allowed: less than any kind of leaking request would cause. */
const countsPerMinute = 10

/** The number of samples that a trend requires. */
const minSamples = 20

/** Numbers that grow with the work done. */
const cumulative: readonly string[] = ['sent', 'answered', 'failed', 'served']

/** The load of a soak, with its times on the clock of the samples. */
export interface LoadPeriod {
  readonly from: number
  readonly until: number
  readonly requestsPerMinute: number
}

/** Returns the samples of the steady load after the warm-up. */
export function steadyPart(samples: readonly Sample[], { from, until }: LoadPeriod): readonly Sample[] {
  const steadyFrom = from + (until - from) * warmUp
  return samples.filter(({ at }) => at >= steadyFrom && at <= until)
}

/** Returns how each number of a process developed under the load. */
export function metricsOf({ process, samples }: ProcessSamples, load: LoadPeriod): readonly Metric[] {
  const steady = steadyPart(samples, load)
  const start = steady[0]?.at ?? 0
  const toMetric = (
    name: string,
    unit: Metric['unit'],
    bound: number,
    value: (sample: Sample) => number,
  ): Metric => {
    const values = steady.map((sample) => [(sample.at - start) / 60_000, value(sample)] as const)
    const trend = trendOf(values)
    const sorted = values.map(([, y]) => y).sort((one, other) => one - other)
    return {
      process,
      name,
      unit,
      median: sorted[Math.floor(sorted.length / 2)] ?? NaN,
      trend,
      bound,
      isFlat: values.length < minSamples ? 'too short to tell' : trend.slope - trend.uncertainty <= bound,
    }
  }
  const bytesPerMinute = load.requestsPerMinute * bytesPerRequest
  const names = (of: (sample: Sample) => Readonly<Record<string, number>>): readonly string[] => [
    ...new Set(steady.flatMap((sample) => Object.keys(of(sample)))),
  ]
  return [
    toMetric('heap after a garbage collection', 'bytes', bytesPerMinute, ({ heap }) => heap),
    ...names(({ resources }) => resources).map((name) =>
      toMetric(name, 'count', countsPerMinute, ({ resources }) => resources[name] ?? 0),
    ),
    ...names(({ counters }) => counters)
      .filter((name) => !cumulative.includes(name))
      .map((name) =>
        name.endsWith('Bytes')
          ? toMetric(name, 'bytes', bytesPerMinute, ({ counters }) => counters[name] ?? 0)
          : toMetric(name, 'count', countsPerMinute, ({ counters }) => counters[name] ?? 0),
      ),
  ]
}
