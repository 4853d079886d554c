import { fixed } from '@antiphon/report'
import { antiphon, byHand, floor, observedAntiphon } from '../names.js'
import type { Facts, Metric, Result, RowResult } from '../result.js'
import { figureOf, lostBy, outcomeOf } from './figures.js'

/** The verdict on a target in a row. */
export interface Verdict {
  readonly target: Target
  readonly row: RowResult
  /** The value that is compared with the bound; `undefined` if it was not measured. */
  readonly value: number | undefined
  readonly isReached: boolean
}

/** A target of the project. */
export interface Target {
  readonly name: string
  /** The bound in words: `≤ 1.10 ×`. */
  readonly bound: string
  readonly unit: '×' | 'B' | '%' | ''
  /** The metric, if the target bounds its ratio to the hand-written Map. */
  readonly of?: Metric
  readonly isFor: (facts: Facts) => boolean
  /** Returns the value that is compared with the bound; it may depend on other rows. */
  readonly value: (row: RowResult, rows: readonly RowResult[]) => number | undefined
  readonly isReached: (value: number) => boolean
}

const compared: readonly unknown[] = [1, 16, 64, 256, 1_024]
const isPlain = (facts: Facts, broker: string): boolean =>
  facts['kind'] === 'unary' &&
  facts['broker'] === broker &&
  facts['bytes'] === 32 &&
  facts['form'] === 'plain'
const isCompared = (facts: Facts): boolean =>
  isPlain(facts, 'mosquitto') && compared.includes(facts['inFlight']) && facts['qos'] !== 2
const isAtFloor = (facts: Facts): boolean =>
  isPlain(facts, 'mosquitto') && facts['inFlight'] === 256 && facts['qos'] === 0

const atMost = (limit: number): Pick<Target, 'bound' | 'isReached'> => ({
  bound: `≤ ${limit.toLocaleString('en', { minimumFractionDigits: limit < 10 ? 2 : 0 })}`,
  isReached: (value) => value <= limit,
})
const atLeast = (limit: number): Pick<Target, 'bound' | 'isReached'> => ({
  bound: `≥ ${limit.toFixed(1)}`,
  isReached: (value) => value >= limit,
})

/** Returns the ratio of Antiphon's figure to another contestant's in the same row. */
const overContestant =
  (other: string, metric: Metric): Target['value'] =>
  (row) =>
    ratio(figureOf(row, antiphon, metric), figureOf(row, other, metric))

/** Returns the ratio of Antiphon's figure to its own in another row of the same kind. */
const overOtherRow =
  (fact: string, base: number, metric: Metric): Target['value'] =>
  (row, rows) => {
    const first = rows.find(({ facts }) => facts['kind'] === row.facts['kind'] && facts[fact] === base)
    return first === undefined
      ? undefined
      : ratio(figureOf(row, antiphon, metric), figureOf(first, antiphon, metric))
  }

const lost: Target['value'] = (row) => {
  const outcome = outcomeOf(row, antiphon)
  const isCounted = outcome?.samples.some((sample) => sample.lost !== undefined) === true
  return isCounted ? lostBy(outcome) : undefined
}

/** The targets of single requests over Mosquitto, relative to the floor and to the hand-written Map. */
const unaryTargets: readonly Target[] = [
  {
    name: 'CPU per request, requester, relative to the floor',
    ...atMost(1.1),
    unit: '×',
    isFor: isAtFloor,
    value: overContestant(floor, 'requester'),
  },
  {
    name: 'CPU per request, responder, relative to the floor',
    ...atMost(1.4),
    unit: '×',
    isFor: isAtFloor,
    value: overContestant(floor, 'responder'),
  },
  {
    name: 'CPU per request, requester and responder, relative to the hand-written Map',
    ...atMost(0.9),
    unit: '×',
    of: 'cpu',
    isFor: isCompared,
    value: overContestant(byHand, 'cpu'),
  },
  {
    name: 'throughput with one request in flight, relative to the hand-written Map',
    ...atLeast(1.3),
    unit: '×',
    of: 'rate',
    isFor: (facts) => isCompared(facts) && facts['inFlight'] === 1,
    value: overContestant(byHand, 'rate'),
  },
  {
    name: 'throughput with one request in flight on the embedded broker, relative to the hand-written Map',
    ...atLeast(1.1),
    unit: '×',
    isFor: (facts) => isPlain(facts, 'embedded') && facts['inFlight'] === 1,
    value: overContestant(byHand, 'rate'),
  },
  {
    name: 'throughput on Mosquitto with its default limits, relative to the hand-written Map',
    ...atLeast(1),
    unit: '×',
    isFor: (facts) => isPlain(facts, 'mosquitto defaults') && facts['qos'] === 2,
    value: overContestant(byHand, 'rate'),
  },
  ...(['requester', 'responder'] as const).map((end): Target => ({
    name: `CPU per request of 64 KiB, ${end}, relative to the hand-written Map`,
    ...atMost(0.9),
    unit: '×',
    isFor: ({ kind, bytes }) => kind === 'unary' && bytes === 65_536,
    value: overContestant(byHand, end),
  })),
]

/** The targets of whole stacks: throughput by requests in flight. */
const stackTargets = (
  [
    [1, 1.3],
    [16, 1.3],
    [64, 1.5],
    [256, 2.2],
    [1_024, 2.5],
  ] as const
).map(([inFlight, limit]): Target => ({
  name: `throughput with ${inFlight.toLocaleString('en')} in flight, whole stack, relative to nats.js on nats-server`,
  ...atLeast(limit),
  unit: '×',
  isFor: (facts) => facts['kind'] === 'stack' && facts['inFlight'] === inFlight,
  value: overContestant('nats.js', 'rate'),
}))

/** Returns the percentage of a core that events take at one end, the more expensive one, at 10 000 exchanges a second. */
const eventsShare: Target['value'] = (row) => {
  const shares = (['requester', 'responder'] as const).map((end) => {
    const [observed, plain] = [figureOf(row, observedAntiphon, end), figureOf(row, antiphon, end)]
    return observed === undefined || plain === undefined ? NaN : ((observed - plain) * 10_000 * 100) / 1e6
  })
  const share = Math.max(...shares)
  return Number.isNaN(share) ? undefined : share
}

/** The targets, set before the first measurement. */
export const targets: readonly Target[] = [
  ...unaryTargets,
  ...stackTargets,
  {
    name: 'share of a core that the events of 10 000 exchanges a second take, at each end',
    ...atMost(5),
    unit: '%',
    isFor: ({ kind }) => kind === 'events',
    value: eventsShare,
  },
  {
    name: 'memory per idle endpoint served, of 10 000',
    ...atMost(1_500),
    unit: 'B',
    isFor: ({ kind }) => kind === 'idle',
    value: (row) => figureOf(row, antiphon, 'bytes'),
  },
  {
    name: 'memory per pending request without its payload',
    ...atMost(400),
    unit: 'B',
    isFor: ({ kind, pending }) => kind === 'pending' && pending === 100_000,
    value: (row) => figureOf(row, antiphon, 'bytes'),
  },
  {
    name: 'CPU to settle a request among 100 000 pending, relative to 100 pending',
    ...atMost(1.1),
    unit: '×',
    isFor: ({ kind, pending }) => kind === 'settle' && pending === 100_000,
    value: overOtherRow('pending', 100, 'requester'),
  },
  {
    name: 'CPU per request with many endpoints, responder, relative to the hand-written Map',
    ...atMost(1.1),
    unit: '×',
    isFor: ({ kind }) => kind === 'endpoints',
    value: overContestant(byHand, 'responder'),
  },
  {
    name: 'CPU to gather from 50 responders, responders, relative to the hand-written Map',
    ...atMost(1.1),
    unit: '×',
    isFor: ({ kind, responders }) => kind === 'gather' && responders === 50,
    value: overContestant(byHand, 'responder'),
  },
  {
    name: 'first response from a cold start, relative to nats.js',
    ...atMost(1.1),
    unit: '×',
    isFor: ({ kind }) => kind === 'cold',
    value: overContestant('nats.js', 'milliseconds'),
  },
  {
    name: 'type-check time of 500 endpoints, relative to their io-ts types alone',
    ...atMost(1.15),
    unit: '×',
    isFor: ({ kind }) => kind === 'types',
    value: overContestant(byHand, 'milliseconds'),
  },
  {
    name: 'CPU to decode through zod, relative to TextDecoder, JSON.parse and zod',
    ...atMost(1.05),
    unit: '×',
    isFor: ({ kind }) => kind === 'decode',
    value: overContestant(byHand, 'cpu'),
  },
  {
    name: 'responses lost by Antiphon',
    bound: '= 0',
    unit: '',
    isFor: () => true,
    value: lost,
    isReached: (value) => value === 0,
  },
]

/** Returns the verdicts on all targets in all rows that they apply to. */
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

/** All verdicts on one target. */
export interface Judgement {
  readonly target: Target
  readonly verdicts: readonly Verdict[]
  /** The verdict with the largest distance from the target, or with the smallest margin. */
  readonly worst: Verdict
  readonly reached: number
}

/** Returns the judgements of all targets that a result has rows for. */
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

/** Returns whether a target is reached in all rows, with a text. */
export function shareOf({ verdicts, reached }: Judgement): {
  readonly isReached: boolean
  readonly text: string
} {
  const isReached = reached === verdicts.length
  const single = isReached ? 'reached' : 'not reached'
  const share = verdicts.length === 1 ? single : `reached in ${reached} of ${verdicts.length} rows`
  return { isReached, text: `${isReached ? '✓' : '✗'} ${share}` }
}

/** Returns the bound of a target with its unit. */
export function boundOf({ bound, unit }: Target): string {
  return unit === '' ? bound : `${bound} ${unit}`
}

/** Formats a value in the unit of its target. */
export function inUnit(value: number | undefined, { unit }: Target): string {
  if (value === undefined) return 'not measured'
  const digits = unit === '×' ? 2 : unit === '%' ? 1 : 0
  const text = fixed(value, digits)
  return unit === '' ? text : `${text} ${unit}`
}

function ratio(own: number | undefined, other: number | undefined): number | undefined {
  return own === undefined || other === undefined ? undefined : own / other
}
