import { antiphon, byHand } from '../names.js'
import type { Facts, Metric, Result, RowResult } from '../result.js'
import { barChart, type Bar } from './bar-chart.js'
import { figure, figureOf, lostBy } from './figures.js'
import { lineChart } from './line-chart.js'
import { ratioChart, type RatioBar } from './ratio-chart.js'
import { targets } from './targets.js'

/** A drawing with what it is called as a file. */
export interface Chart {
  readonly name: string
  readonly svg: string
}

/** Every chart that a result has the figures for, in the order of the report. */
export function chartsOf(result: Pick<Result, 'sections'>): Chart[] {
  const rows = result.sections.flatMap((section) => section.rows)
  return [
    ...[0, 1, 2].flatMap((qos) => throughput(rows, qos)),
    ...dispatch(rows),
    ...[0, 1].flatMap((qos) => work(rows, qos)),
    ...ratios(rows),
    ...latency(rows),
    ...throughBrokers(rows),
    ...bytes(rows),
    ...times(rows),
  ]
}

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

function select(rows: readonly RowResult[], facts: Facts): RowResult[] {
  return rows.filter((row) => Object.entries(facts).every(([key, value]) => row.facts[key] === value))
}

function throughput(rows: readonly RowResult[], qos: number): Chart[] {
  const chosen = select(rows, { kind: 'unary', broker: 'mosquitto', qos, bytes: 32, form: 'plain' })
  if (chosen.length < 2) return []
  const title = `Requests a second, QoS ${qos}`
  const svg = lineChart({
    title,
    x: 'requests in flight',
    y: 'a second',
    curves: curves(chosen, 'inFlight', 'rate'),
  })
  return [{ name: `throughput-qos-${qos}`, svg }]
}

/** A curve for each contestant of the rows, by a fact of theirs. */
function curves(
  rows: readonly RowResult[],
  fact: string,
  metric: Metric,
): Parameters<typeof lineChart>[0]['curves'] {
  const names = [...new Set(rows.flatMap(({ outcomes }) => outcomes.map(({ contestant }) => contestant)))]
  return names.map((name) => ({
    name,
    points: rows.flatMap((row) => {
      const value = figureOf(row, name, metric)
      return value === undefined || value <= 0 ? [] : [[Number(row.facts[fact]), value] as const]
    }),
  }))
}

function work(rows: readonly RowResult[], qos: number): Chart[] {
  return select(rows, {
    kind: 'unary',
    broker: 'mosquitto',
    qos,
    bytes: 32,
    form: 'plain',
    inFlight: 64,
  }).map((row) => ({
    name: `cpu-qos-${qos}`,
    svg: barChart({
      title: `CPU a request, µs: QoS ${qos}, 64 in flight`,
      legend: ['requester', 'responder'],
      bars: row.outcomes.map((outcome): Bar => {
        const parts = [figure(outcome, 'requester'), figure(outcome, 'responder')]
        const name = outcome.contestant
        if (parts[0] === undefined || parts[1] === undefined) {
          return { name, parts: [], value: `died: ${outcome.died ?? ''}`, isBad: true }
        }
        const lost = lostBy(outcome)
        const value = `${number(parts[0] + parts[1], 1)}${lost > 0 ? ` · ${number(lost)} lost` : ''}`
        return { name, parts: [parts[0], parts[1]], value, isFirst: name === antiphon, isBad: lost > 0 }
      }),
    }),
  }))
}

function ratios(rows: readonly RowResult[]): Chart[] {
  const chosen = select(rows, { kind: 'unary', broker: 'mosquitto', bytes: 32, form: 'plain' })
  const bars = (metric: Metric): RatioBar[] =>
    chosen.flatMap((row): RatioBar[] => {
      const [ours, other] = [figureOf(row, antiphon, metric), figureOf(row, byHand, metric)]
      if (ours === undefined || other === undefined) return []
      const target = targets.find(({ of, isFor }) => of === metric && isFor(row.facts))
      return [{ name: row.title, value: ours / other, isReached: target?.isReached(ours / other) }]
    })
  const [cpu, rate] = [bars('cpu'), bars('rate')]
  if (cpu.length === 0) return []
  const of = 'Antiphon to the Map by hand'
  return [
    {
      name: 'ratio-cpu',
      svg: ratioChart({ title: `CPU a request, ${of}`, sides: ['less', 'more'], bars: cpu, bound: 1.1 }),
    },
    {
      name: 'ratio-throughput',
      svg: ratioChart({ title: `Throughput, ${of}`, sides: ['less', 'more'], bars: rate, bound: 1 }),
    },
  ]
}

function throughBrokers(rows: readonly RowResult[]): Chart[] {
  const chosen = ['mosquitto', 'embedded'].flatMap((broker) =>
    select(rows, { kind: 'unary', broker, qos: 1, bytes: 32, form: 'plain', inFlight: 64 }),
  )
  if (chosen.length < 2) return []
  const bars = [antiphon, byHand].flatMap((contestant) =>
    chosen.flatMap((row): Bar[] => {
      const value = figureOf(row, contestant, 'rate')
      if (value === undefined) return []
      const name = `${contestant}, ${row.facts['broker']}`
      return [
        { name, of: contestant, parts: [value], value: number(value), isFirst: contestant === antiphon },
      ]
    }),
  )
  const title = 'Requests a second by broker: QoS 1, 64 in flight'
  return [{ name: 'brokers', svg: barChart({ title, bars }) }]
}

function latency(rows: readonly RowResult[]): Chart[] {
  return select(rows, {
    kind: 'unary',
    broker: 'mosquitto',
    qos: 1,
    bytes: 32,
    form: 'plain',
    inFlight: 1,
  }).map((row) => ({
    name: 'latency',
    svg: barChart({
      title: 'Calls one by one, QoS 1: p50, ms',
      bars: row.outcomes.map((outcome): Bar => {
        const value = figure(outcome, 'p50')
        const name = outcome.contestant
        if (value === undefined) return { name, parts: [], value: `died: ${outcome.died ?? ''}`, isBad: true }
        return { name, parts: [value], value: number(value, 2), isFirst: name === antiphon }
      }),
    }),
  }))
}

function bytes(rows: readonly RowResult[]): Chart[] {
  const chosen = [...select(rows, { kind: 'pending', pending: 100_000 }), ...select(rows, { kind: 'idle' })]
  const bars = chosen.flatMap((row) =>
    row.outcomes.flatMap((outcome): Bar[] => {
      const value = figure(outcome, 'bytes')
      if (value === undefined) return []
      const { contestant } = outcome
      const name = `${contestant}, ${String(row.facts['label'])}`
      return [
        {
          name,
          of: contestant,
          parts: [value],
          value: `${number(value)} B`,
          isFirst: contestant === antiphon,
        },
      ]
    }),
  )
  if (bars.length === 0) return []
  return [{ name: 'memory', svg: barChart({ title: 'Memory of each that waits', bars }) }]
}

function dispatch(rows: readonly RowResult[]): Chart[] {
  const chosen = select(rows, { kind: 'endpoints' })
  if (chosen.length < 2) return []
  const title = 'Responder CPU a request, by endpoints served on one link'
  const svg = lineChart({ title, x: 'endpoints', y: 'µs', curves: curves(chosen, 'endpoints', 'responder') })
  return [{ name: 'endpoints', svg }]
}

function times(rows: readonly RowResult[]): Chart[] {
  return select(rows, { kind: 'cold' }).map((row) => ({
    name: 'cold-start',
    svg: barChart({
      title: 'From a cold start to the first answer, ms',
      bars: row.outcomes.flatMap((outcome): Bar[] => {
        const value = figure(outcome, 'milliseconds')
        const name = outcome.contestant
        return value === undefined
          ? []
          : [{ name, parts: [value], value: number(value), isFirst: name === antiphon }]
      }),
    }),
  }))
}
