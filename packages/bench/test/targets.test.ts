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
    expect(verdicts(row)).toEqual({
      'CPU per request, requester and responder, relative to the hand-written Map': [1.1, true],
    })
  })

  it('bounds requester and responder separately', () => {
    const row = unaryRow(
      {},
      outcome('Antiphon', { requester: 5, responder: 12 }),
      outcome('Map', { requester: 10, responder: 10 }),
    )
    expect(verdicts(row)).toEqual({
      'CPU per request, requester, relative to the hand-written Map': [0.5, true],
      'CPU per request, responder, relative to the hand-written Map': [1.2, false],
    })
  })

  it('is not reached if the ratio is above an upper or below a lower bound', () => {
    const row = unaryRow(
      {},
      outcome('Antiphon', { cpu: 12, rate: 99 }),
      outcome('Map', { cpu: 10, rate: 100 }),
    )
    expect(verdicts(row)).toEqual({
      'CPU per request, requester and responder, relative to the hand-written Map': [1.2, false],
      'throughput relative to the hand-written Map': [0.99, false],
    })
  })

  it('returns no verdict on rows that the target does not apply to', () => {
    const outcomes = [outcome('Antiphon', { cpu: 12 }), outcome('Map', { cpu: 10 })]
    expect(
      verdicts(unaryRow({ qos: 2 }, ...outcomes), unaryRow({ broker: 'embedded' }, ...outcomes)),
    ).toEqual({})
  })

  it('is not reached if Antiphon failed', () => {
    const row = unaryRow(
      {},
      { contestant: 'Antiphon', samples: [], died: '0x97' },
      outcome('Map', { cpu: 10 }),
    )
    expect(verdicts(row)['throughput relative to the hand-written Map']).toEqual([undefined, false])
  })

  it('compares rows of the same kind with each other', () => {
    const settle = (pending: number, requester: number): RowResult => ({
      title: `${pending}`,
      facts: { kind: 'settle', pending },
      outcomes: [outcome('Antiphon', { requester })],
    })
    expect(verdicts(settle(100_000, 12), settle(100, 10))).toEqual({
      'CPU to settle a request among 100 000 pending, relative to 100 pending': [1.2, true],
    })
  })

  it('returns the worst row of a target', () => {
    const row = (inFlight: number, rate: number): RowResult =>
      unaryRow({ inFlight }, outcome('Antiphon', { rate }), outcome('Map', { rate: 100 }))
    const [judgement] = judge(resultOf(row(64, 120), row(256, 90), row(1_024, 110)))
    expect(judgement?.worst.row.title).toBe('QoS 1, 256 in flight')
    expect(judgement?.reached).toBe(2)
  })
})

describe('soundnessOf', () => {
  it('counts the requests of Antiphon', () => {
    const row = unaryRow(
      {},
      outcome('Antiphon', { sent: 1_000, lost: 0 }),
      outcome('Map', { sent: 5, lost: 5 }),
    )
    expect(soundnessOf(resultOf(row))).toEqual({ isSound: true, note: 'note: 1,000 requests, none lost' })
  })

  it('is not sound if one response was lost', () => {
    expect(soundnessOf(resultOf(unaryRow({}, outcome('Antiphon', { sent: 9, lost: 1 })))).isSound).toBe(false)
  })
})
