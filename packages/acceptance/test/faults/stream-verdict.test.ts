import { describe, expect, it } from 'vitest'
import { guaranteesFor } from '../../src/faults/guarantees.js'
import type { Ledger, LedgerEvent } from '../../src/faults/run/ledger.js'
import type { Fault, Plan } from '../../src/faults/run/plan.js'
import { streamBreachesIn, streamFiguresOf } from '../../src/faults/stream-verdict.js'

const planWith = (fault: Fault, broker: Plan['broker'] = 'embedded'): Plan => ({
  seed: 1,
  broker,
  rate: 600,
  requestPolicy: { timeout: 1_000, style: 'retried', acknowledge: 'on-start' },
  faults: [{ ...fault, at: 100, duration: 100 }],
  loadDuration: 500,
})
const rollingRestart = planWith({ kind: 'rolling restart' })
const responderKilled = planWith({ kind: 'responder killed', peer: 'responder-1' })
const corrupted = planWith({ kind: 'corrupted', peer: 'responder-1', direction: 'inbound' })

const sent: LedgerEvent = { at: 0, event: 'stream-sent', stream: 'a' }
const complete: LedgerEvent = { at: 9, event: 'stream-ended', stream: 'a', outcome: 'complete', items: 100 }
const cancelled: LedgerEvent = { at: 1, event: 'cancelled', request: 'b', isFinal: true }
const released: LedgerEvent = { at: 2, event: 'released', request: 'b', outcome: 'cancelled' }

const ledgersOf = (...events: readonly LedgerEvent[]): readonly Ledger[] => [
  { process: 'requester-1', restarts: 0, events },
]
const breaches = (plan: Plan, ...events: readonly LedgerEvent[]): readonly string[] =>
  streamBreachesIn(ledgersOf(...events), guaranteesFor(plan)).map(({ rule, detail }) => `${rule} | ${detail}`)

describe('the rules on streams', () => {
  it('finds no breach if a stream completes', () => {
    expect(breaches(rollingRestart, sent, complete)).toEqual([])
  })

  it('reports a stream without an outcome under any fault', () => {
    for (const plan of [rollingRestart, responderKilled, corrupted])
      expect(breaches(plan, sent)).toEqual(['every stream has an outcome | a: no outcome'])
  })

  it('reports wrong items, unless bytes were changed', () => {
    const wrong = { ...complete, fault: 'item 3 is "a 4"' } as LedgerEvent
    for (const plan of [rollingRestart, responderKilled])
      expect(breaches(plan, sent, wrong)).toEqual([
        'a stream has no gap and no repetition | a: item 3 is "a 4"',
      ])
    expect(breaches(corrupted, sent, wrong)).toEqual([])
  })

  it('reports a stream that failed, unless its responder, its session or its messages were lost', () => {
    const failed = { ...complete, outcome: 'timeout', items: 7 } as LedgerEvent
    const expected = ['every stream completes | a: timeout after 7 items']
    expect(breaches(rollingRestart, sent, failed)).toEqual(expected)
    expect(breaches(planWith({ kind: 'broker killed' }), sent, failed)).toEqual(expected)
    expect(breaches(planWith({ kind: 'clock set', target: 'responder-1', hours: -1 }), sent, failed)).toEqual(
      expected,
    )
    for (const plan of [
      responderKilled,
      corrupted,
      planWith({ kind: 'session dropped', peer: 'requester-1' }),
      planWith({ kind: 'broker killed' }, 'mosquitto'),
      planWith({ kind: 'clock set', target: 'requester-1', hours: 1 }),
    ])
      expect(breaches(plan, sent, failed)).toEqual([])
  })
})

describe('the rule on cancels', () => {
  it('finds no breach if a handler stops by its cancel', () => {
    expect(breaches(rollingRestart, cancelled, released)).toEqual([])
  })

  it('reports a cancel after the faults that stopped no handler, unless bytes were changed', () => {
    const expired = { ...released, outcome: 'expired' } as LedgerEvent
    expect(breaches(rollingRestart, cancelled, expired)).toEqual([
      'a cancel stops its handler | b: no handler stopped by its cancel',
    ])
    expect(breaches(corrupted, cancelled, expired)).toEqual([])
  })

  it('reports a request after the faults that failed before it was cancelled', () => {
    const failed: LedgerEvent = {
      at: 1,
      event: 'not-cancelled',
      request: 'b',
      isFinal: true,
      code: 'timeout',
    }
    expect(breaches(rollingRestart, failed)).toEqual([
      'a cancel stops its handler | b: timeout before it was cancelled',
    ])
  })

  it('accepts cancels that are lost during the faults', () => {
    expect(breaches(rollingRestart, { ...cancelled, isFinal: false })).toEqual([])
  })
})

it('counts completed streams, and cancels that stopped their handler', () => {
  const failed = { ...complete, stream: 'c', outcome: 'timeout' } as LedgerEvent
  const lost = { ...cancelled, request: 'd' } as LedgerEvent
  expect(
    streamFiguresOf(ledgersOf(sent, complete, { ...sent, stream: 'c' }, failed, cancelled, released, lost)),
  ).toEqual({ streams: 2, completedStreams: 1, cancels: 2, arrivedCancels: 1 })
})
