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
      outcome('Antiphon', { cpu: 30 }, { cpu: 9 }, { cpu: 8 }),
      outcome('Map', { cpu: 10 }, { cpu: 9 }, { cpu: 50 }),
    )
    expect(verdicts(row)).toEqual({
      'CPU per request, requester and responder, relative to the hand-written Map': [0.9, true],
    })
  })

  it('bounds requester and responder separately', () => {
    const row = unaryRow(
      { qos: 0, inFlight: 256 },
      outcome('Antiphon', { requester: 11, responder: 15 }),
      outcome('floor', { requester: 10, responder: 10 }),
    )
    expect(verdicts(row)).toEqual({
      'CPU per request, requester, relative to the floor': [1.1, true],
      'CPU per request, responder, relative to the floor': [1.5, false],
    })
  })

  it('is not reached if the ratio is above an upper or below a lower bound', () => {
    const row = unaryRow(
      { inFlight: 1 },
      outcome('Antiphon', { cpu: 12, rate: 129 }),
      outcome('Map', { cpu: 10, rate: 100 }),
    )
    expect(verdicts(row)).toEqual({
      'CPU per request, requester and responder, relative to the hand-written Map': [1.2, false],
      'throughput with one request in flight, relative to the hand-written Map': [1.29, false],
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
    expect(
      verdicts(row)['CPU per request, requester and responder, relative to the hand-written Map'],
    ).toEqual([undefined, false])
  })

  it('compares rows of the same kind with each other', () => {
    const settle = (pending: number, requester: number): RowResult => ({
      title: `${pending}`,
      facts: { kind: 'settle', pending },
      outcomes: [outcome('Antiphon', { requester })],
    })
    expect(verdicts(settle(100_000, 11), settle(100, 10))).toEqual({
      'CPU to settle a request among 100 000 pending, relative to 100 pending': [1.1, true],
    })
  })

  it('bounds the share of a core that events take, at the end where they cost more', () => {
    const name = 'share of a core that the events of 10 000 exchanges a second take, at each end'
    const facts = { kind: 'events', inFlight: 256 }
    const plain = outcome('Antiphon', { requester: 10, responder: 10 })
    const observed = outcome('Antiphon, observed', { requester: 13, responder: 16 })
    expect(verdicts({ title: 'events', facts, outcomes: [plain, observed] })).toEqual({
      [name]: [expect.closeTo(6), false],
    })
    expect(verdicts({ title: 'events', facts, outcomes: [plain] })).toEqual({})
  })

  it('has a bound for each number of requests in flight of whole stacks', () => {
    const row = (inFlight: number): RowResult => ({
      title: `whole stack, ${inFlight} in flight`,
      facts: { kind: 'stack', inFlight },
      outcomes: [outcome('Antiphon', { rate: 140 }), outcome('nats.js', { rate: 100 })],
    })
    expect(verdicts(row(16), row(64))).toEqual({
      'throughput with 16 in flight, whole stack, relative to nats.js on nats-server': [1.4, true],
      'throughput with 64 in flight, whole stack, relative to nats.js on nats-server': [1.4, false],
    })
  })

  it('returns the worst row of a target', () => {
    const row = (inFlight: number, cpu: number): RowResult =>
      unaryRow({ inFlight }, outcome('Antiphon', { cpu }), outcome('Map', { cpu: 100 }))
    const [judgement] = judge(resultOf(row(64, 80), row(256, 110), row(1_024, 90)))
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
