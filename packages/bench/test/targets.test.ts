import { describe, expect, it } from 'vitest'
import { soundnessOf } from '../src/report/soundness.js'
import { judge, verdictsOf } from '../src/report/targets.js'
import type { RowResult } from '../src/result.js'
import { outcome, resultOf, unaryRow } from './results.js'

const verdicts = (...rows: readonly RowResult[]): Record<string, readonly [number | undefined, boolean]> =>
  Object.fromEntries(
    verdictsOf(resultOf(...rows)).map(({ target, value, isReached }) => [target.name, [value, isReached]]),
  )

describe('targets', () => {
  it('compares medians of the same row', () => {
    const row = unaryRow(
      {},
      outcome('Antiphon', { cpu: 30 }, { cpu: 11 }, { cpu: 10 }),
      outcome('Map', { cpu: 10 }, { cpu: 9 }, { cpu: 50 }),
    )
    expect(verdicts(row)).toEqual({ 'CPU a request, both ends, to the Map by hand': [1.1, true] })
  })

  it('bounds either end by itself, for one could hide behind the other', () => {
    const row = unaryRow(
      {},
      outcome('Antiphon', { requester: 5, responder: 12 }),
      outcome('Map', { requester: 10, responder: 10 }),
    )
    expect(verdicts(row)).toEqual({
      'CPU a request, the requester, to the Map by hand': [0.5, true],
      'CPU a request, the responder, to the Map by hand': [1.2, false],
    })
  })

  it('is not reached where the ratio is beyond the bound, in either direction', () => {
    const row = unaryRow(
      {},
      outcome('Antiphon', { cpu: 12, rate: 99 }),
      outcome('Map', { cpu: 10, rate: 100 }),
    )
    expect(verdicts(row)).toEqual({
      'CPU a request, both ends, to the Map by hand': [1.2, false],
      'throughput to the Map by hand': [0.99, false],
    })
  })

  it('says nothing of rows that the target is not about', () => {
    const outcomes = [outcome('Antiphon', { cpu: 12 }), outcome('Map', { cpu: 10 })]
    expect(
      verdicts(unaryRow({ qos: 2 }, ...outcomes), unaryRow({ broker: 'embedded' }, ...outcomes)),
    ).toEqual({})
  })

  it('is not reached where Antiphon died', () => {
    const row = unaryRow(
      {},
      { contestant: 'Antiphon', samples: [], died: '0x97' },
      outcome('Map', { cpu: 10 }),
    )
    expect(verdicts(row)['throughput to the Map by hand']).toEqual([undefined, false])
  })

  it('compares rows of one kind with each other', () => {
    const settle = (pending: number, requester: number): RowResult => ({
      title: `${pending}`,
      facts: { kind: 'settle', pending },
      outcomes: [outcome('Antiphon', { requester })],
    })
    expect(verdicts(settle(100_000, 12), settle(100, 10))).toEqual({
      'settling among 100 000 pending, to settling among 100': [1.2, true],
    })
  })

  it('names the row where a target is worst', () => {
    const row = (inFlight: number, rate: number): RowResult =>
      unaryRow({ inFlight }, outcome('Antiphon', { rate }), outcome('Map', { rate: 100 }))
    const [judgement] = judge(resultOf(row(64, 120), row(256, 90), row(1_024, 110)))
    expect(judgement?.worst.row.title).toBe('QoS 1, 256 in flight')
    expect(judgement?.reached).toBe(2)
  })
})

describe('soundness', () => {
  it('counts what was asked of Antiphon', () => {
    const row = unaryRow(
      {},
      outcome('Antiphon', { asked: 1_000, lost: 0 }),
      outcome('Map', { asked: 5, lost: 5 }),
    )
    expect(soundnessOf(resultOf(row))).toEqual({ isSound: true, note: 'note: 1,000 asked, none lost' })
  })

  it('fails for one lost answer', () => {
    expect(soundnessOf(resultOf(unaryRow({}, outcome('Antiphon', { asked: 9, lost: 1 })))).isSound).toBe(
      false,
    )
  })
})
