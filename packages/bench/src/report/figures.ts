import { fixed } from '@antiphon/report'
import type { Metric, Outcome, RowResult } from '../result.js'

/** The middle one; of an even number, the upper of both. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

/** The median over the rounds, or `undefined` where nobody measured such a thing. */
export function figure({ samples }: Outcome, metric: Metric): number | undefined {
  const values = samples.flatMap((sample) => sample[metric] ?? [])
  return values.length === 0 ? undefined : median(values)
}

/** How many answers never came, of all rounds together. */
export function lostBy({ samples }: Outcome): number {
  return samples.reduce((sum, { lost = 0 }) => sum + lost, 0)
}

/** The outcome of a contestant in a row, if it took part. */
export function outcomeOf(row: RowResult, contestant: string): Outcome | undefined {
  return row.outcomes.find((outcome) => outcome.contestant === contestant)
}

/** The figure of a contestant in a row. */
export function figureOf(row: RowResult, contestant: string, metric: Metric): number | undefined {
  const outcome = outcomeOf(row, contestant)
  return outcome === undefined ? undefined : figure(outcome, metric)
}

/** What a metric is called, and how it is written. */
export interface MetricStyle {
  readonly label: string
  readonly unit: string
  readonly digits: number
  /** Its ratio to the Map by hand has a column of its own. */
  readonly isCompared?: true
}

/** Every metric that has a column, in the order of the columns. */
export const metricStyles: Readonly<Partial<Record<Metric, MetricStyle>>> = {
  rate: { label: 'a second', unit: '/s', digits: 0, isCompared: true },
  p50: { label: 'p50', unit: 'ms', digits: 2 },
  p99: { label: 'p99', unit: 'ms', digits: 2 },
  requester: { label: 'requester CPU', unit: 'µs', digits: 1 },
  responder: { label: 'responder CPU', unit: 'µs', digits: 1 },
  cpu: { label: 'CPU, both', unit: 'µs', digits: 1, isCompared: true },
  broker: { label: 'broker CPU', unit: 'µs', digits: 1 },
  milliseconds: { label: 'time', unit: 'ms', digits: 0 },
  bytes: { label: 'memory', unit: 'B', digits: 0 },
  idle: { label: 'idle CPU', unit: 'ms/s', digits: 2 },
}

/** A figure as it is written. */
export function written(value: number | undefined, { digits }: MetricStyle): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  return fixed(value, digits)
}
