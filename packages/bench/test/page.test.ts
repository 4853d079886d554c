import { describe, expect, it } from 'vitest'
import { chartsOf } from '../src/report/charts.js'
import { pageOf } from '../src/report/page.js'
import { resultText } from '../src/report/result-text.js'
import { cellsOf, toText } from '../src/report/table.js'
import type { RowResult } from '../src/result.js'
import { outcome, resultOf, unaryRow } from './results.js'

const sample = { rate: 12_345, p50: 1.5, p99: 3, requester: 10, responder: 12, cpu: 22, sent: 100, lost: 0 }
const row = (inFlight: number): RowResult =>
  unaryRow(
    { inFlight },
    outcome('Antiphon', sample),
    outcome('Map', { ...sample, lost: 3, fault: 'Quota <exceeded>' }),
    { contestant: 'NestJS', samples: [], died: '0x97' },
  )

describe('pageOf', () => {
  const page = pageOf(resultOf(row(1), row(64), row(256)))

  it('renders a page that loads nothing else', () => {
    expect(page).not.toMatch(/<script|<link|@import|url\(|src=/)
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('escapes texts of the result', () => {
    expect(page).toContain('a &#60;chip&#62;')
    expect(page).toContain('Quota &#60;exceeded&#62;')
  })

  it('shows reached targets, lost responses and failed contestants', () => {
    expect(page).toContain('✓ reached')
    expect(page).toContain('died: 0x97')
    expect(page).toContain('3 (Quota &#60;exceeded&#62;)')
  })

  it('draws throughput, CPU, ratios and latency', () => {
    const names = chartsOf(resultOf(row(1), row(64), row(256))).map(({ name }) => name)
    expect(names).toEqual(['cpu-qos-1', 'throughput-qos-1', 'ratio-cpu', 'ratio-throughput', 'latency'])
  })

  it('draws no chart without figures', () => {
    expect(chartsOf(resultOf())).toEqual([])
    expect(pageOf(resultOf())).not.toContain('<h2>Charts')
  })
})

describe('toText', () => {
  it('aligns one line per contestant', () => {
    expect(
      toText({
        title: 'row',
        facts: {},
        outcomes: [outcome('A', { rate: 5, lost: 2 }), outcome('Long', { rate: 12_345 })],
      }),
    ).toBe(['row   rate, /s  lost', 'A            5     2', 'Long    12,345     –'].join('\n'))
  })

  it('adds the ratios to the floor and the hand-written Map after CPU, which comes first', () => {
    const outcomes = [
      outcome('Antiphon', { rate: 150, cpu: 30, responder: 15 }),
      outcome('Map', { rate: 100, cpu: 60, responder: 30 }),
      outcome('floor', { rate: 200, cpu: 20, responder: 10 }),
    ]
    const [head, own] = cellsOf({ title: 'row', facts: {}, outcomes })
    expect(head).toEqual([
      ...[
        'row',
        'CPU, both, µs',
        'to Map',
        'to floor',
        'responder CPU, µs',
        'to floor',
        'rate, /s',
        'to Map',
      ],
    ])
    expect(own).toEqual(['Antiphon', '30.0', '0.50 ×', '1.50 ×', '15.0', '1.50 ×', '150', '1.50 ×'])
  })

  it('adds the ratio to the hand-written Map if that took part', () => {
    const outcomes = [outcome('Antiphon', { rate: 150 }), outcome('Map', { rate: 100 })]
    expect(toText({ title: 'row', facts: {}, outcomes })).toBe(
      ['row       rate, /s  to Map', 'Antiphon       150  1.50 ×', 'Map            100  1.00 ×'].join('\n'),
    )
  })
})

describe('resultText', () => {
  it('returns JSON of the same result with one line per outcome', () => {
    const result = resultOf(row(1), row(64))
    const text = resultText(result)
    expect(JSON.parse(text)).toEqual(result)
    expect(text.split('\n').filter((line) => line.startsWith('{"contestant":'))).toHaveLength(6)
  })
})
