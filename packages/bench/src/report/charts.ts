import { barChart, fixed, lineChart, ratioChart, type Bar, type Html, type RatioBar } from '@antiphon/report'
import { antiphon, byHand } from '../names.js'
import type { Facts, Metric, Outcome, Result, RowResult } from '../result.js'
import { figure, figureOf, lostBy } from './figures.js'
import { targets } from './targets.js'
import { toneOf } from './tones.js'

/** A chart with the name of its file. */
export interface Chart {
  readonly name: string
  readonly chart: Html
}

/** Returns every chart that a result has the figures for, in the order of the report. */
export function chartsOf(result: Pick<Result, 'sections'>): Chart[] {
  return [...leadingCharts(result), ...furtherCharts(result)]
}

/** Returns the charts that a report opens with: a request compared with others, whole stacks, memory. */
export function leadingCharts({ sections }: Pick<Result, 'sections'>): Chart[] {
  const rows = sections.flatMap((section) => section.rows)
  return [...cpu(rows, 1), ...stackCpu(rows), ...stackThroughput(rows), ...memory(rows)]
}

/** Returns the other charts of a report. */
export function furtherCharts({ sections }: Pick<Result, 'sections'>): Chart[] {
  const rows = sections.flatMap((section) => section.rows)
  return [
    ...cpu(rows, 0),
    ...[0, 1, 2].flatMap((qos) => throughput(rows, qos)),
    ...dispatch(rows),
    ...ratios(rows),
    ...latency(rows),
    ...throughBrokers(rows),
    ...coldStart(rows),
  ]
}

/** Single requests with the smallest payload; charts select by QoS, requests in flight or broker. */
const plain: Facts = { kind: 'unary', bytes: 32, form: 'plain' }
const overMosquitto: Facts = { ...plain, broker: 'mosquitto' }

function select(rows: readonly RowResult[], facts: Facts): RowResult[] {
  return rows.filter((row) => Object.entries(facts).every(([key, value]) => row.facts[key] === value))
}

function throughput(rows: readonly RowResult[], qos: number): Chart[] {
  return curves(select(rows, { ...overMosquitto, qos }), 'inFlight', 'rate', {
    name: `throughput-qos-${qos}`,
    title: `Requests per second, QoS ${qos}`,
    x: 'requests in flight',
    y: 'requests per second',
  })
}

function stackThroughput(rows: readonly RowResult[]): Chart[] {
  return curves(select(rows, { kind: 'stack' }), 'inFlight', 'rate', {
    name: 'stack-throughput',
    title: 'Requests per second, whole stacks',
    x: 'requests in flight',
    y: 'requests per second',
  })
}

function stackCpu(rows: readonly RowResult[]): Chart[] {
  const isBrokerMeasured = (row: RowResult): boolean => figureOf(row, antiphon, 'broker') !== undefined
  return select(rows, { kind: 'stack', inFlight: 256 })
    .filter(isBrokerMeasured)
    .map(({ outcomes }) => ({
      name: 'stack-cpu',
      chart: barChart({
        title: 'CPU per request, µs: whole stacks, 256 in flight',
        legend: ['both ends', 'broker'],
        bars: outcomes.map((outcome) => bar(outcome, ['cpu', 'broker'], (sum) => fixed(sum, 1))),
      }),
    }))
}

function dispatch(rows: readonly RowResult[]): Chart[] {
  return curves(select(rows, { kind: 'endpoints' }), 'endpoints', 'responder', {
    name: 'endpoints',
    title: 'Responder CPU per request, by endpoints served',
    x: 'endpoints on one link',
    y: 'µs',
  })
}

/** Draws a curve for each contestant of the rows, over one of their parameters. */
function curves(
  rows: readonly RowResult[],
  fact: string,
  metric: Metric,
  { name, ...labels }: Readonly<Record<'name' | 'title' | 'x' | 'y', string>>,
): Chart[] {
  if (rows.length < 2) return []
  const contestants = new Set(rows.flatMap(({ outcomes }) => outcomes.map(({ contestant }) => contestant)))
  const series = [...contestants].map((contestant) => ({
    name: contestant,
    tone: toneOf(contestant),
    isFirst: contestant === antiphon,
    points: rows.map((row) => [Number(row.facts[fact]), figureOf(row, contestant, metric) ?? NaN] as const),
  }))
  return [{ name, chart: lineChart({ ...labels, scale: 'log', series }) }]
}

function cpu(rows: readonly RowResult[], qos: number): Chart[] {
  return select(rows, { ...overMosquitto, qos, inFlight: 64 }).map(({ outcomes }) => ({
    name: `cpu-qos-${qos}`,
    chart: barChart({
      title: `CPU per request, µs: QoS ${qos}, 64 in flight`,
      legend: ['requester', 'responder'],
      bars: outcomes.map((outcome) => bar(outcome, ['requester', 'responder'], (sum) => fixed(sum, 1))),
    }),
  }))
}

function latency(rows: readonly RowResult[]): Chart[] {
  return select(rows, { ...overMosquitto, qos: 1, inFlight: 1 }).map(({ outcomes }) => ({
    name: 'latency',
    chart: barChart({
      title: 'Response time, QoS 1, one in flight: p50, ms',
      bars: outcomes.map((outcome) => bar(outcome, ['p50'], (value) => fixed(value, 2))),
    }),
  }))
}

function throughBrokers(rows: readonly RowResult[]): Chart[] {
  const selected = ['mosquitto', 'embedded'].flatMap((broker) =>
    select(rows, { ...plain, broker, qos: 1, inFlight: 64 }),
  )
  if (selected.length < 2) return []
  const bars = [antiphon, byHand].flatMap((contestant) =>
    selected.flatMap((row) => measured(row, 'rate', fixed, String(row.facts['broker']), contestant)),
  )
  const title = 'Requests per second by broker: QoS 1, 64 in flight'
  return [{ name: 'brokers', chart: barChart({ title, bars }) }]
}

function memory(rows: readonly RowResult[]): Chart[] {
  const selected = [
    ...select(rows, { kind: 'pending', pending: 100_000 }),
    ...select(rows, { kind: 'idle' }),
    ...select(rows, { kind: 'used' }),
  ]
  const bars = selected.flatMap((row) =>
    measured(row, 'bytes', (value) => `${fixed(value)} B`, String(row.facts['label'])),
  )
  if (bars.length === 0) return []
  return [
    {
      name: 'memory',
      chart: barChart({ title: 'Memory per pending request, per served endpoint', bars }),
    },
  ]
}

function coldStart(rows: readonly RowResult[]): Chart[] {
  return select(rows, { kind: 'cold' }).map((row) => ({
    name: 'cold-start',
    chart: barChart({
      title: 'From a cold start to the first response, ms',
      bars: measured(row, 'milliseconds', fixed),
    }),
  }))
}

/** Returns a bar for each contestant of a row that measured a metric. */
function measured(
  { outcomes }: RowResult,
  metric: Metric,
  format: (value: number) => string,
  of?: string,
  only?: string,
): Bar[] {
  return outcomes
    .filter(
      (outcome) =>
        figure(outcome, metric) !== undefined && (only ?? outcome.contestant) === outcome.contestant,
    )
    .map((outcome) => {
      const name = of === undefined ? outcome.contestant : `${outcome.contestant}, ${of}`
      return { ...bar(outcome, [metric], format), name }
    })
}

/** Returns the bar of a contestant, or a bar without parts and with the reason. */
function bar(outcome: Outcome, metrics: readonly Metric[], format: (sum: number) => string): Bar {
  const { contestant: name, died = '' } = outcome
  const parts = metrics.flatMap((metric) => figure(outcome, metric) ?? [])
  const common = { name, tone: toneOf(name), isFirst: name === antiphon }
  if (parts.length < metrics.length) return { ...common, parts: [], text: `died: ${died}`, isBad: true }
  const lost = lostBy(outcome)
  const sum = parts.reduce((total, part) => total + part, 0)
  return {
    ...common,
    parts,
    text: `${format(sum)}${lost > 0 ? ` · ${fixed(lost)} lost` : ''}`,
    isBad: lost > 0,
  }
}

function ratios(rows: readonly RowResult[]): Chart[] {
  const bars = (metric: Metric): RatioBar[] =>
    select(rows, overMosquitto).flatMap((row) => {
      const [own, other] = [figureOf(row, antiphon, metric), figureOf(row, byHand, metric)]
      if (own === undefined || other === undefined) return []
      const target = targets.find(({ of, isFor }) => of === metric && isFor(row.facts))
      return [{ name: row.title, value: own / other, isReached: target?.isReached(own / other) }]
    })
  const of = 'Antiphon ÷ hand-written Map'
  const charts = [
    {
      metric: 'cpu',
      name: 'ratio-cpu',
      title: `CPU per request, ${of}`,
      bound: { at: 0.9, label: 'target ≤ 0.90' },
    },
    {
      metric: 'rate',
      name: 'ratio-throughput',
      title: `Throughput, ${of}`,
      bound: { at: 1.3, label: 'target ≥ 1.3 with one' },
    },
  ] as const
  return charts
    .map(({ metric, ...chart }) => ({ ...chart, bars: bars(metric) }))
    .filter((chart) => chart.bars.length > 0)
    .map(({ name, ...chart }) => ({ name, chart: ratioChart({ ...chart, sides: ['less', 'more'] }) }))
}
