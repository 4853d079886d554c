import type { Result } from '../record/result.js'

/** A figure of several runs: its mean, and half the width of its 95 % confidence interval. */
export interface Estimate {
  readonly mean: number
  /** `undefined` for a single run. */
  readonly margin: number | undefined
}

/** The 97.5th percentile of Student's t distribution by degrees of freedom, from 1 to 10; 2 stands for more. */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23]

/** Estimates the mean of a figure from a sample of it. */
export function estimate(values: readonly number[]): Estimate {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  if (count < 2) return { mean, margin: undefined }
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  return { mean, margin: (STUDENT[count - 2] ?? 2) * Math.sqrt(variance / count) }
}

/** Prints an estimate, for example `2.11 ± 0.02`. */
export function estimateText({ mean, margin }: Estimate, digits: number): string {
  const text = mean.toFixed(digits)
  return margin === undefined || margin < 0.5 * 10 ** -digits ? text : `${text} ± ${margin.toFixed(digits)}`
}

/** A column of the table of scenarios. */
interface Column {
  readonly title: string
  readonly valueOf: (result: Result) => number | undefined
  readonly digits: number
}

const share = (valueOf: (result: Result) => number) => (result: Result) =>
  (100 * valueOf(result)) / result.offered

/** The figures of a scenario, in the order of the table. */
export const columns: readonly Column[] = [
  { title: 'responded, %', valueOf: share(({ responded }) => responded), digits: 1 },
  { title: 'timed out, %', valueOf: share(({ timedOut }) => timedOut), digits: 1 },
  { title: 'refused or failed, %', valueOf: share(({ busy, failed }) => busy + failed), digits: 1 },
  { title: 'handled twice, %', valueOf: share(({ handledTwice }) => handledTwice), digits: 2 },
  { title: 'sent to offered', valueOf: ({ amplification }) => amplification, digits: 2 },
  { title: 'attempts a connection', valueOf: ({ attemptsPerConnect }) => attemptsPerConnect, digits: 1 },
  { title: 'most pending', valueOf: ({ mostPending }) => mostPending, digits: 0 },
  { title: 'recovery, s', valueOf: ({ recovery }) => recovery, digits: 0 },
]

/** Returns the texts of a row: one for each column. */
export function figuresOf(results: readonly Result[]): readonly string[] {
  return columns.map(({ valueOf, digits }) => {
    const values = results.map(valueOf)
    return values.every((value) => value !== undefined) ? estimateText(estimate(values), digits) : 'none'
  })
}
