import { describe, expect, it } from 'vitest'
import { chartsOf } from '../src/report/charts.js'
import { pageOf } from '../src/report/page.js'
import { resultText } from '../src/report/result-text.js'
import { toText } from '../src/report/table.js'
import type { RowResult } from '../src/result.js'
import { outcome, resultOf, unaryRow } from './results.js'

const sample = { rate: 12_345, p50: 1.5, p99: 3, requester: 10, responder: 12, cpu: 22, asked: 100, lost: 0 }
const row = (inFlight: number): RowResult =>
  unaryRow(
    { inFlight },
    outcome('Antiphon', sample),
    outcome('Map', { ...sample, lost: 3, fault: 'Quota <exceeded>' }),
    { contestant: 'NestJS', samples: [], died: '0x97' },
  )

describe('the report', () => {
  const page = pageOf(resultOf(row(1), row(64), row(256)))

  it('is one page that needs nothing beside itself', () => {
    expect(page).not.toMatch(/<script|<link|@import|url\(|src=/)
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('escapes what it did not write itself', () => {
    expect(page).toContain('a &#60;chip&#62;')
    expect(page).toContain('Quota &#60;exceeded&#62;')
  })

  it('says which targets are reached in which row, and who lost or died', () => {
    expect(page).toContain('✓ reached')
    expect(page).toContain('died: 0x97')
    expect(page).toContain('3 (Quota &#60;exceeded&#62;)')
  })

  it('draws the throughput, the work and the ratios', () => {
    const names = chartsOf(resultOf(row(1), row(64), row(256))).map(({ name }) => name)
    expect(names).toEqual(['throughput-qos-1', 'cpu-qos-1', 'ratio-cpu', 'ratio-throughput', 'latency'])
  })

  it('draws nothing it has no figures for', () => {
    expect(chartsOf(resultOf())).toEqual([])
    expect(pageOf(resultOf())).not.toContain('<h2>Charts')
  })
})

describe('toText', () => {
  it('aligns a line for each contestant', () => {
    expect(
      toText({
        title: 'row',
        facts: {},
        outcomes: [outcome('A', { rate: 5, lost: 2 }), outcome('Long', { rate: 12_345 })],
      }),
    ).toBe(['row   a second, /s  lost', 'A                5     2', 'Long        12,345     –'].join('\n'))
  })

  it('compares with the Map by hand where it took part', () => {
    const outcomes = [outcome('Antiphon', { rate: 150 }), outcome('Map', { rate: 100 })]
    expect(toText({ title: 'row', facts: {}, outcomes })).toBe(
      [
        'row       a second, /s  to Map',
        'Antiphon           150  1.50 ×',
        'Map                100  1.00 ×',
      ].join('\n'),
    )
  })
})

describe('resultText', () => {
  it('is JSON of the same result, a line for each outcome', () => {
    const result = resultOf(row(1), row(64))
    const text = resultText(result)
    expect(JSON.parse(text)).toEqual(result)
    expect(text.split('\n').filter((line) => line.startsWith('{"contestant":'))).toHaveLength(6)
  })
})
