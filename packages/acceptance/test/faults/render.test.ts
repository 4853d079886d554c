import { describe, expect, it } from 'vitest'
import { figuresOf } from '../../src/faults/figures.js'
import { renderFaults } from '../../src/faults/render.js'
import { planOf } from '../../src/faults/schedule.js'
import type { RunRecord } from '../../src/faults/section.js'
import type { Verdict } from '../../src/faults/verdict.js'

const verdict: Verdict = {
  breaches: [],
  requests: 1_000,
  outcomes: { response: 998, timeout: 2 },
  rate: 590,
  handled: 1_010,
  handledElsewhere: 10,
  duplicates: 5,
  unmatched: 3,
  recoveries: [{ kind: 'broker killed', milliseconds: 312.4 }],
  streams: 20,
  completedStreams: 19,
  cancels: 50,
  arrivedCancels: 48,
}
const good: RunRecord = { plan: planOf(0), seconds: 5, verdict }
const bad: RunRecord = {
  plan: planOf(16),
  seconds: 5,
  verdict: {
    ...verdict,
    breaches: [
      { rule: 'no acknowledged request is lost', detail: 'requester-1/7: timeout' },
      {
        rule: 'a responder handles a request once',
        detail: 'requester-1/8: responder-2 (restarts: 0) handled it again',
      },
    ],
  },
}

describe('the report of the fault bench', () => {
  it('counts lost and duplicated requests', () => {
    const values = new Map(figuresOf([good, bad]).map(({ name, value }) => [name, value]))
    expect(values.get('requests')).toBe('2,000')
    expect(values.get('lost')).toBe('1')
    expect(values.get('duplicated')).toBe('1')
    expect(values.get('handled again elsewhere')).toBe('20')
    expect(values.get('worst recovery')).toBe('312 ms')
    expect(values.get('streams completed')).toBe('38 of 40')
    expect(values.get('cancels that stopped their handler')).toBe('96 of 100')
  })

  it('counts the exchanges in the inspector, if it has watched a run', () => {
    const name = 'exchanges in the inspector'
    const watched = { ...good, verdict: { ...verdict, inspected: 1_100 } }
    const valueOf = (...runs: readonly RunRecord[]): string | undefined =>
      figuresOf(runs).find((figure) => figure.name === name)?.value
    expect(valueOf(good)).toBeUndefined()
    expect(valueOf(good, watched, watched)).toBe('2,200')
  })

  it('reports a worst recovery of 0 ms without runs', () => {
    expect(new Map(figuresOf([]).map(({ name, value }) => [name, value])).get('worst recovery')).toBe('0 ms')
  })

  it('shows the seed, faults and outcomes of every run', () => {
    const shown = renderFaults({ figures: [], failures: [], notRun: [], runs: [good, bad] }).markup
    for (const part of [
      'Streams with credit',
      '2 timeout',
      '998 response',
      'broker killed',
      '312 ms',
      '<td>16</td>',
    ])
      expect(shown).toContain(part)
  })
})
