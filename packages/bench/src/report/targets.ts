import { fixed } from '@antiphon/report'
import { antiphon, byHand } from '../names.js'
import type { Facts, Metric, Result, RowResult } from '../result.js'
import { figureOf, lostBy, outcomeOf } from './figures.js'

/** Whether a target is reached in a row. */
export interface Verdict {
  readonly target: Target
  readonly row: RowResult
  /** What is compared with the bound; `undefined` where one side measured nothing. */
  readonly value: number | undefined
  readonly isReached: boolean
}

/** What the project means to reach. */
export interface Target {
  readonly name: string
  /** The bound in words: `≤ 1.10 ×`. */
  readonly bound: string
  readonly unit: '×' | 'B' | 'kB' | ''
  /** The metric whose ratio to the Map by hand it bounds, if it does. */
  readonly of?: Metric
  readonly isFor: (facts: Facts) => boolean
  /** What is compared with the bound; it may look at other rows. */
  readonly value: (row: RowResult, rows: readonly RowResult[]) => number | undefined
  readonly isReached: (value: number) => boolean
}

const busy: readonly unknown[] = [64, 256, 1_024]
const isUnary = (facts: Facts): boolean =>
  facts['kind'] === 'unary' &&
  facts['broker'] === 'mosquitto' &&
  facts['bytes'] === 32 &&
  facts['form'] === 'plain'
const isBusy = (facts: Facts): boolean =>
  isUnary(facts) && busy.includes(facts['inFlight']) && facts['qos'] !== 2

const atMost = (limit: number): Pick<Target, 'bound' | 'isReached'> => ({
  bound: `≤ ${limit.toLocaleString('en', { minimumFractionDigits: limit < 10 ? 2 : 0 })}`,
  isReached: (value) => value <= limit,
})
const atLeast = (limit: number): Pick<Target, 'bound' | 'isReached'> => ({
  bound: `≥ ${limit.toFixed(1)}`,
  isReached: (value) => value >= limit,
})

/** Antiphon's figure over that of another, in the same row. */
const over =
  (other: string, metric: Metric): Target['value'] =>
  (row) =>
    ratio(figureOf(row, antiphon, metric), figureOf(row, other, metric))

/** Antiphon's figure over its own in another row of the kind. */
const overOwn =
  (fact: string, base: number, metric: Metric): Target['value'] =>
  (row, rows) => {
    const first = rows.find(({ facts }) => facts['kind'] === row.facts['kind'] && facts[fact] === base)
    return first === undefined
      ? undefined
      : ratio(figureOf(row, antiphon, metric), figureOf(first, antiphon, metric))
  }

const kilobytes: Target['value'] = (row) => {
  const bytes = figureOf(row, antiphon, 'bytes')
  return bytes === undefined ? undefined : bytes / 1_000
}

const lost: Target['value'] = (row) => {
  const outcome = outcomeOf(row, antiphon)
  const isCounted = outcome?.samples.some((sample) => sample.lost !== undefined) === true
  return isCounted ? lostBy(outcome) : undefined
}

/** The targets, as the project set them before it measured. */
export const targets: readonly Target[] = [
  {
    name: 'CPU a request, both ends, to the Map by hand',
    ...atMost(1.1),
    unit: '×',
    of: 'cpu',
    isFor: isBusy,
    value: over(byHand, 'cpu'),
  },
  {
    name: 'CPU a request, the requester, to the Map by hand',
    ...atMost(1.1),
    unit: '×',
    isFor: isBusy,
    value: over(byHand, 'requester'),
  },
  {
    name: 'CPU a request, the responder, to the Map by hand',
    ...atMost(1.1),
    unit: '×',
    isFor: isBusy,
    value: over(byHand, 'responder'),
  },
  {
    name: 'throughput to the Map by hand',
    ...atLeast(1),
    unit: '×',
    of: 'rate',
    isFor: isBusy,
    value: over(byHand, 'rate'),
  },
  {
    name: 'p50 of calls one by one, to the Map by hand',
    ...atMost(1.05),
    unit: '×',
    isFor: (facts) => isUnary(facts) && facts['inFlight'] === 1 && facts['qos'] !== 2,
    value: over(byHand, 'p50'),
  },
  { name: 'throughput to NestJS', ...atLeast(2), unit: '×', isFor: isBusy, value: over('NestJS', 'rate') },
  {
    name: 'throughput to aws-crt',
    ...atLeast(1.5),
    unit: '×',
    isFor: isBusy,
    value: over('aws-crt', 'rate'),
  },
  {
    name: 'throughput to nats.js',
    ...atLeast(0.8),
    unit: '×',
    isFor: (facts) => isBusy(facts) && facts['qos'] === 0,
    value: over('nats.js', 'rate'),
  },
  {
    name: 'memory of a pending request beyond its payload',
    ...atMost(600),
    unit: 'B',
    isFor: ({ kind, pending }) => kind === 'pending' && pending === 100_000,
    value: (row) => figureOf(row, antiphon, 'bytes'),
  },
  {
    name: 'settling among 100 000 pending, to settling among 100',
    ...atMost(1.2),
    unit: '×',
    isFor: ({ kind, pending }) => kind === 'settle' && pending === 100_000,
    value: overOwn('pending', 100, 'requester'),
  },
  {
    name: 'dispatch among 100 000 endpoints, to dispatch among 10',
    ...atMost(1.5),
    unit: '×',
    isFor: ({ kind, endpoints }) => kind === 'endpoints' && endpoints === 100_000,
    value: overOwn('endpoints', 10, 'responder'),
  },
  {
    name: 'bundle of core and mqtt without peers, gzip',
    ...atMost(14),
    unit: 'kB',
    isFor: ({ kind }) => kind === 'bundle',
    value: kilobytes,
  },
  {
    name: 'answers lost by Antiphon',
    bound: '= 0',
    unit: '',
    isFor: () => true,
    value: lost,
    isReached: (value) => value === 0,
  },
]

/** Every target in every row that it is for. */
export function verdictsOf({ sections }: Pick<Result, 'sections'>): Verdict[] {
  const rows = sections.flatMap((section) => section.rows)
  return targets.flatMap((target) =>
    rows
      .filter(({ facts }) => target.isFor(facts))
      .map((row) => {
        const value = target.value(row, rows)
        return { target, row, value, isReached: value !== undefined && target.isReached(value) }
      })
      .filter(({ value, row }) => value !== undefined || outcomeOf(row, antiphon)?.died !== undefined),
  )
}

/** The verdicts of one target together. */
export interface Judgement {
  readonly target: Target
  readonly verdicts: readonly Verdict[]
  /** The row that is furthest from the target, or reaches it with the least to spare. */
  readonly worst: Verdict
  readonly reached: number
}

/** Every target that a result says something about. */
export function judge(result: Pick<Result, 'sections'>): Judgement[] {
  const all = verdictsOf(result)
  return targets.flatMap((target): Judgement[] => {
    const verdicts = all.filter((verdict) => verdict.target === target)
    const upward = target.bound.startsWith('≥') ? 1 : -1
    const [worst] = [...verdicts].sort(
      (a, b) => upward * (a.value ?? -Infinity) - upward * (b.value ?? -Infinity),
    )
    if (worst === undefined) return []
    return [{ target, verdicts, worst, reached: verdicts.filter(({ isReached }) => isReached).length }]
  })
}

/** Says in how many rows a target is reached. */
export function shareOf({ verdicts, reached }: Judgement): {
  readonly isReached: boolean
  readonly text: string
} {
  const isReached = reached === verdicts.length
  const inOne = isReached ? 'reached' : 'not reached'
  const share = verdicts.length === 1 ? inOne : `reached in ${reached} of ${verdicts.length} rows`
  return { isReached, text: `${isReached ? '✓' : '✗'} ${share}` }
}

/** The bound of a target with its unit. */
export function boundOf({ bound, unit }: Target): string {
  return unit === '' ? bound : `${bound} ${unit}`
}

/** A value in the unit of its target. */
export function inUnit(value: number | undefined, { unit }: Target): string {
  if (value === undefined) return 'not measured'
  const digits = unit === '×' ? 2 : unit === 'kB' ? 1 : 0
  const text = fixed(value, digits)
  return unit === '' ? text : `${text} ${unit}`
}

function ratio(ours: number | undefined, other: number | undefined): number | undefined {
  return ours === undefined || other === undefined ? undefined : ours / other
}
