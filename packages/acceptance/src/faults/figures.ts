import type { KeyFigure } from '../frame/section.js'
import type { RunRecord } from './section.js'
import type { Rule } from './verdict.js'

const losses: readonly Rule[] = [
  'every request has an outcome',
  'no acknowledged request is lost',
  'every request is answered',
  'every stream has an outcome',
  'every stream completes',
  'a cancel stops its handler',
]
const doubles: readonly Rule[] = [
  'no request has two outcomes',
  'a responder handles a request once',
  'a stream has no gap and no repetition',
]

/** Returns the fault bench's figures for the top of the report. */
export function figuresOf(runs: readonly RunRecord[]): readonly KeyFigure[] {
  const sum = (value: (run: RunRecord) => number): string =>
    runs.reduce((total, run) => total + value(run), 0).toLocaleString('en')
  const broken =
    (rules: readonly Rule[]) =>
    (run: RunRecord): number =>
      run.verdict.breaches.filter(({ rule }) => rules.includes(rule)).length
  const watched = runs.filter(({ verdict }) => verdict.inspected !== undefined)
  const recoveries = runs.flatMap(({ verdict }) => verdict.recoveries.map(({ milliseconds }) => milliseconds))
  return [
    { name: 'runs', value: String(runs.length) },
    { name: 'faults', value: sum(({ plan }) => plan.faults.length) },
    { name: 'requests', value: sum(({ verdict }) => verdict.requests) },
    {
      name: 'streams completed',
      value: `${sum(({ verdict }) => verdict.completedStreams)} of ${sum(({ verdict }) => verdict.streams)}`,
    },
    {
      name: 'cancels that stopped their handler',
      value: `${sum(({ verdict }) => verdict.arrivedCancels)} of ${sum(({ verdict }) => verdict.cancels)}`,
    },
    {
      name: 'requests a second, median',
      value: Math.round(median(runs.map(({ verdict }) => verdict.rate))).toString(),
    },
    { name: 'lost', value: sum(broken(losses)) },
    { name: 'duplicated', value: sum(broken(doubles)) },
    ...(watched.length === 0
      ? []
      : [{ name: 'exchanges in the inspector', value: sum(({ verdict }) => verdict.inspected ?? 0) }]),
    { name: 'handled again elsewhere', value: sum(({ verdict }) => verdict.handledElsewhere) },
    { name: 'worst recovery', value: `${Math.round(Math.max(0, ...recoveries))} ms` },
  ]
}

/** Returns the median of the values; NaN if there are no values. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}
