import { fixed } from '@antiphon/report'
import { byHand, floor } from '../names.js'
import type { Metric, Outcome, RowResult } from '../result.js'

/** Returns the median; for an even number of values, the upper of the middle two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

/** Returns the median over the rounds; `undefined` if the metric was not measured. */
export function figure({ samples }: Outcome, metric: Metric): number | undefined {
  const values = samples.flatMap((sample) => sample[metric] ?? [])
  return values.length === 0 ? undefined : median(values)
}

/** Returns the number of lost responses in all rounds. */
export function lostBy({ samples }: Outcome): number {
  return samples.reduce((sum, { lost = 0 }) => sum + lost, 0)
}

/** Returns the outcome of a contestant in a row; `undefined` if it did not take part. */
export function outcomeOf(row: RowResult, contestant: string): Outcome | undefined {
  return row.outcomes.find((outcome) => outcome.contestant === contestant)
}

/** Returns the figure of a contestant in a row; `undefined` if it was not measured. */
export function figureOf(row: RowResult, contestant: string, metric: Metric): number | undefined {
  const outcome = outcomeOf(row, contestant)
  return outcome === undefined ? undefined : figure(outcome, metric)
}

/** The label and format of a metric. */
export interface MetricStyle {
  readonly label: string
  readonly unit: string
  readonly digits: number
  /** The contestants to which the ratio has its own column. */
  readonly comparedWith?: readonly string[]
}

/** The metrics that have a column, in the order of the columns: CPU first, since other work on the machine changes it least. */
export const metricStyles: Readonly<Partial<Record<Metric, MetricStyle>>> = {
  all: { label: 'CPU, all', unit: 'µs', digits: 1, comparedWith: [byHand] },
  cpu: { label: 'CPU, both', unit: 'µs', digits: 1, comparedWith: [byHand, floor] },
  requester: { label: 'requester CPU', unit: 'µs', digits: 1, comparedWith: [floor] },
  responder: { label: 'responder CPU', unit: 'µs', digits: 1, comparedWith: [floor] },
  broker: { label: 'broker CPU', unit: 'µs', digits: 1 },
  instructions: { label: 'instructions', unit: 'of both', digits: 0, comparedWith: [floor] },
  rate: { label: 'rate', unit: '/s', digits: 0, comparedWith: [byHand] },
  p50: { label: 'p50', unit: 'ms', digits: 2 },
  p99: { label: 'p99', unit: 'ms', digits: 2 },
  milliseconds: { label: 'time', unit: 'ms', digits: 0 },
  bytes: { label: 'memory', unit: 'B', digits: 0 },
  idle: { label: 'idle CPU', unit: 'ms/s', digits: 2 },
}

/** Formats a figure. */
export function formatFigure(value: number | undefined, { digits }: MetricStyle): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  return fixed(value, digits)
}
