import { describe, expect, it } from 'vitest'
import { inspectorBreachesIn } from '../../src/faults/inspector-verdict.js'
import type { InspectedExchange, InspectedRun } from '../../src/faults/run/inspected-run.js'
import type { Ledger, LedgerEvent } from '../../src/faults/run/ledger.js'

const at = 1

/** A run with one request of each outcome, a stream, and requests that are cancelled; one responder was killed. */
const ledgers: readonly Ledger[] = [
  {
    process: 'requester-1',
    restarts: 0,
    events: [
      { at, event: 'sent', request: 'requester-1/1' },
      { at, event: 'settled', request: 'requester-1/1', outcome: 'response' },
      { at, event: 'settled', request: 'requester-1/2', outcome: 'timeout' },
      { at, event: 'settled', request: 'requester-1/3', outcome: 'expired' },
      { at, event: 'stream-ended', stream: 'requester-1/stream-1', outcome: 'complete', items: 100 },
      { at, event: 'cancelled', request: 'requester-1/held-1', isFinal: false },
      { at, event: 'not-cancelled', request: 'requester-1/held-2', isFinal: false, code: 'timeout' },
      { at, event: 'finished' },
    ],
  },
  responder(0, { at, event: 'handler-started', request: 'requester-1/1', identity: 'one' }),
  responder(1, { at, event: 'finished' }),
]

function responder(restarts: number, event: LedgerEvent): Ledger {
  return { process: 'responder-1', restarts, events: [event] }
}

const exchange = (name: string | undefined, outcome: string | undefined): InspectedExchange => ({
  requester: 'requester-1',
  endpoint: 'acceptance/work',
  name,
  outcome,
})
const exchanges = [
  exchange('requester-1/1', 'responded'),
  // It timed out before it was sent.
  exchange(undefined, 'timed-out'),
  exchange('requester-1/3', 'failed'),
  exchange('requester-1/stream-1', 'responded'),
  exchange('requester-1/held-1', 'cancelled'),
  exchange('requester-1/held-2', 'timed-out'),
]
const good: InspectedRun = { exchanges, handlerRuns: { 'responder-1': 1 }, lost: 0, unreadable: 0 }

describe('the comparison of the ledgers with the inspector', () => {
  it('finds nothing in a run that the inspector shows whole', () => {
    expect(inspectorBreachesIn(ledgers, good)).toEqual([])
  })

  it('allows what a process that is killed leaves behind: an event without its line, and half a line', () => {
    const inspected = { ...good, handlerRuns: { 'responder-1': 2 }, unreadable: 1 }
    expect(inspectorBreachesIn(ledgers, inspected)).toEqual([])
  })

  it('allows pending exchanges of a requester that was killed', () => {
    const requester = 'requester-2'
    const pending = [
      { ...exchange('requester-2/stream-1', undefined), requester },
      { ...exchange(undefined, undefined), requester },
    ]
    const killed: Ledger = {
      process: requester,
      restarts: 0,
      events: [{ at, event: 'stream-sent', stream: 'requester-2/stream-1' }],
    }
    const inspected = { ...good, exchanges: [...exchanges, ...pending] }
    expect(inspectorBreachesIn([...ledgers, killed], inspected)).toEqual([])
    expect(inspectorBreachesIn(ledgers, inspected)).toHaveLength(2)
  })

  it.each<[string, Partial<InspectedRun>]>([
    ['requester-1/1: missing', { exchanges: exchanges.slice(1) }],
    ['requester-1/2: missing', { exchanges: exchanges.filter(({ name }) => name !== undefined) }],
    ['requester-1/1: shown 2 times', { exchanges: [...exchanges, exchange('requester-1/1', 'responded')] }],
    [
      'requester-1/1: shown as failed, was responded',
      { exchanges: [exchange('requester-1/1', 'failed'), ...exchanges.slice(1)] },
    ],
    [
      'requester-1/1: shown as pending, was responded',
      { exchanges: [exchange('requester-1/1', undefined), ...exchanges.slice(1)] },
    ],
    [
      'requester-1/9: shown, but no requester has recorded it',
      { exchanges: [...exchanges, exchange('requester-1/9', 'responded')] },
    ],
    [
      'requester-1: 1 exchanges shown that it has not recorded',
      { exchanges: [...exchanges, exchange(undefined, 'failed')] },
    ],
    ['responder-1: 3 handler runs shown, was 1', { handlerRuns: { 'responder-1': 3 } }],
    ['responder-2: 1 handler runs shown, was 0', { handlerRuns: { 'responder-1': 1, 'responder-2': 1 } }],
    ['2 events or exchanges were lost', { lost: 2 }],
    ['2 lines are not events', { unreadable: 2 }],
  ])('finds: %s', (detail, difference) => {
    const rule = 'the inspector shows every exchange once, with its outcome'
    expect(inspectorBreachesIn(ledgers, { ...good, ...difference })).toEqual([{ rule, detail }])
  })
})
