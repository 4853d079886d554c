import { roundedTime } from './rounded-time.js'

/** Percentiles of times, in milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Returns the percentiles of times, which need not be sorted; `undefined` without any. */
export function percentilesOf(times: readonly number[]): Percentiles | undefined {
  if (times.length === 0) return undefined
  const sorted = Float64Array.from(times).sort()
  const at = (share: number): number =>
    roundedTime(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0)
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}

/** Formats percentiles for people. */
export function percentilesText({ p50, p90, p99, max }: Percentiles): string {
  return `p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, max ${max} ms`
}
