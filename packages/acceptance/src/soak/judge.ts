import type { Sample } from './sample.js'
import { trendOf, type Trend } from './trend.js'

/** What one process held over time. */
export interface Track {
  readonly who: string
  /** From before the load to after it. */
  readonly samples: readonly Sample[]
}

/** One number of one process: how it went while the load was steady. */
export interface Course {
  readonly who: string
  readonly what: string
  readonly unit: 'bytes' | 'count'
  /** In the middle of the steady part. */
  readonly usual: number
  /** For each minute. */
  readonly trend: Trend
  /** What it may grow by in a minute, beyond the doubt about its slope. */
  readonly bound: number
  readonly isFlat: boolean | 'too short to tell'
}

/** The share of the load's time after which everything that fills up has filled up. */
const warmUp = 0.3

/** Bytes for each request that count as none. */
const bytesARequest = 8

/** What a count may grow by in a minute: less than what any of the occasions would leave behind. */
const countsAMinute = 10

/** Points of which a line can be made. */
const enough = 20

/** Numbers of a process that grow with the work done. */
const counters: readonly string[] = ['asked', 'answered', 'failed', 'served']

/** The load that a soak put on, with its times on the clock of the samples. */
export interface Load {
  readonly from: number
  readonly until: number
  readonly requestsAMinute: number
}

/** The part of a track in which the load was steady and what fills up had filled up. */
export function steadyPart(samples: readonly Sample[], { from, until }: Load): readonly Sample[] {
  const steadyFrom = from + (until - from) * warmUp
  return samples.filter(({ at }) => at >= steadyFrom && at <= until)
}

/** How everything that a process holds went under the load. */
export function coursesOf({ who, samples }: Track, load: Load): readonly Course[] {
  const steady = steadyPart(samples, load)
  const start = steady[0]?.at ?? 0
  const course = (
    what: string,
    unit: Course['unit'],
    bound: number,
    value: (sample: Sample) => number,
  ): Course => {
    const values = steady.map((sample) => [(sample.at - start) / 60_000, value(sample)] as const)
    const trend = trendOf(values)
    const sorted = values.map(([, y]) => y).sort((one, other) => one - other)
    return {
      who,
      what,
      unit,
      usual: sorted[Math.floor(sorted.length / 2)] ?? NaN,
      trend,
      bound,
      isFlat: values.length < enough ? 'too short to tell' : trend.slope - trend.doubt <= bound,
    }
  }
  const bytesAMinute = load.requestsAMinute * bytesARequest
  const names = (of: (sample: Sample) => Readonly<Record<string, number>>): readonly string[] => [
    ...new Set(steady.flatMap((sample) => Object.keys(of(sample)))),
  ]
  return [
    course('heap after a collection', 'bytes', bytesAMinute, ({ heap }) => heap),
    ...names(({ resources }) => resources).map((name) =>
      course(name, 'count', countsAMinute, ({ resources }) => resources[name] ?? 0),
    ),
    ...names(({ own }) => own)
      .filter((name) => !counters.includes(name))
      .map((name) =>
        name.endsWith('Bytes')
          ? course(name, 'bytes', bytesAMinute, ({ own }) => own[name] ?? 0)
          : course(name, 'count', countsAMinute, ({ own }) => own[name] ?? 0),
      ),
  ]
}
