import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { chartsOf, leadingCharts } from '../src/report/charts.js'
import { writeReport } from '../src/report/write.js'
import type { Result, RowResult, Sample } from '../src/result.js'
import { outcome, resultOf, unaryRow } from './results.js'

const sample = { rate: 12_345, p50: 1.234_56, requester: 10.1, responder: 12.2, cpu: 22.3, lost: 0 }
const row = (inFlight: number, map: Sample = sample): RowResult =>
  unaryRow({ inFlight }, outcome('Antiphon', sample), outcome('Map', map), {
    contestant: 'NestJS',
    samples: [],
    died: '0x97',
  })
const result = resultOf(row(1), row(64, { ...sample, cpu: 10, lost: 3 }))
const charts = new Map(chartsOf(result).map(({ name, chart }) => [name, chart.markup]))

describe('chartsOf', () => {
  it('shows requester, responder, lost responses and failed contestants in the CPU chart', () => {
    const chart = charts.get('cpu-qos-1')
    for (const part of ['CPU per request, µs: QoS 1, 64 in flight', '>requester<', '>responder<', '>22.3<'])
      expect(chart).toContain(part)
    expect(chart).toContain('>22.3 · 3 lost<')
    expect(chart).toContain('>died: 0x97<')
  })

  it('draws a contestant in the same colour in every chart', () => {
    for (const name of ['throughput-qos-1', 'cpu-qos-1', 'latency']) {
      expect(charts.get(name)).toContain('var(--tone-0)')
      expect(charts.get(name)).toContain('var(--tone-1)')
    }
  })

  it('labels requests in flight and units in the throughput chart', () => {
    for (const text of ['Requests per second, QoS 1', 'requests in flight', 'requests per second', '1', '64'])
      expect(charts.get('throughput-qos-1')).toContain(`>${text}</text>`)
  })

  it('draws CPU with the broker and throughput of whole stacks before the other charts', () => {
    const stack = (inFlight: number): RowResult => ({
      title: `whole stack, ${inFlight} in flight`,
      facts: { kind: 'stack', inFlight },
      outcomes: [
        outcome('Antiphon', { cpu: 30, broker: 12, rate: 20_000 }),
        outcome('grpc-js', { cpu: 90, broker: 0, rate: 5_000 }),
      ],
    })
    const leading = leadingCharts(resultOf(stack(64), stack(256), row(64)))
    expect(leading.map(({ name }) => name)).toEqual(['cpu-qos-1', 'stack-cpu', 'stack-throughput'])
    expect(leading[1]?.chart.markup).toContain('>42.0<')
  })

  it('draws no CPU of whole stacks if the system does not tell that of brokers', () => {
    const facts = { kind: 'stack', inFlight: 256 }
    const stack = { title: 'whole stack', facts, outcomes: [outcome('Antiphon', { cpu: 30 })] }
    expect(leadingCharts(resultOf(stack))).toEqual([])
  })

  it('marks the bound of the target and the ratios that miss it in the ratio charts', () => {
    expect(charts.get('ratio-cpu')).toContain('>target ≤ 0.90</text>')
    expect(charts.get('ratio-cpu')).toContain('>2.23 ✗</text>')
    expect(charts.get('ratio-throughput')).toContain('>1.00 ✗</text>')
  })
})

describe('writeReport', () => {
  it('writes the same files from the saved result', () => {
    const folder = mkdtempSync(join(tmpdir(), 'antiphon-report-'))
    const read = (): Record<string, string> =>
      Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
    try {
      writeReport(folder, result)
      const first = read()
      writeReport(folder, JSON.parse(first['result.json'] ?? '') as Result)
      expect(read()).toEqual(first)
      expect(Object.keys(first)).toEqual(
        expect.arrayContaining(['README.md', 'report.html', 'result.json', 'latency.svg', 'ratio-cpu.svg']),
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
