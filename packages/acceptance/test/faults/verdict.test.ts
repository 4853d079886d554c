import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ledger, LedgerEvent } from '../../src/faults/run/ledger.js'
import type { ScheduledFault, Plan } from '../../src/faults/run/plan.js'
import { judge, type Evidence, type Rule } from '../../src/faults/verdict.js'

const harmless: ScheduledFault = {
  kind: 'delayed',
  peer: 'responder-1',
  milliseconds: 100,
  at: 100,
  duration: 100,
}
const killed: ScheduledFault = { kind: 'responder killed', peer: 'responder-1', at: 100, duration: 100 }
const corrupted: ScheduledFault = {
  kind: 'corrupted',
  peer: 'responder-1',
  direction: 'outbound',
  at: 100,
  duration: 100,
}
const clockSetForward: ScheduledFault = {
  kind: 'clock set',
  target: 'requester-1',
  hours: 1,
  at: 100,
  duration: 100,
}

const responders = ['responder-1', 'responder-2', 'responder-3'] as const
type LedgerSet = Readonly<Record<'requester-1' | (typeof responders)[number], readonly LedgerEvent[]>>

/** The ledgers of a run without breaches: each request is sent, acknowledged, handled by one responder and answered. */
const goodRun: fc.Arbitrary<LedgerSet> = fc
  .array(fc.nat(responders.length - 1), { minLength: 2, maxLength: 12 })
  .map((handlers) => {
    const names = handlers.map((_, index) => `requester-1/${index + 1}`)
    const handledBy = (responder: string) =>
      names.filter((_, index) => responders[handlers[index] ?? 0] === responder)
    const handlerEvents = (responder: string): readonly LedgerEvent[] =>
      handledBy(responder).map((request) => ({ at: 5, event: 'handler-started', request, identity: request }))
    return {
      'requester-1': names.flatMap((request, index): readonly LedgerEvent[] => [
        { at: index, event: 'sent', request },
        { at: index + 1, event: 'acknowledged', request, reason: 0 },
        { at: index + 300, event: 'settled', request, outcome: 'response', respondsTo: request },
      ]),
      'responder-1': handlerEvents('responder-1'),
      'responder-2': handlerEvents('responder-2'),
      'responder-3': handlerEvents('responder-3'),
    }
  })

const toEvidence = (
  ledgers: LedgerSet,
  fault: ScheduledFault = harmless,
  style: Plan['requestPolicy']['style'] = 'once',
): Evidence => ({
  plan: {
    seed: 1,
    broker: 'embedded',
    rate: 600,
    requestPolicy: { timeout: 1_000, style, acknowledge: 'after-response' },
    faults: [fault],
    loadDuration: 500,
  },
  ledgers: Object.entries(ledgers).map(([process, events]): Ledger => ({ process, restarts: 0, events })),
  faults: [{ fault, began: 100, ended: 200 }],
  loadDuration: 500,
  unexpectedExits: [],
})

const rulesBroken = (evidence: Evidence): readonly Rule[] => [
  ...new Set(judge(evidence).breaches.map(({ rule }) => rule)),
]

type Flaw = (ledgers: LedgerSet) => LedgerSet
const first = 'requester-1/1'
const change =
  (process: keyof LedgerSet, replace: (event: LedgerEvent) => readonly LedgerEvent[]): Flaw =>
  (ledgers) => ({ ...ledgers, [process]: ledgers[process].flatMap(replace) })
const settlesFirst = (event: LedgerEvent): boolean => event.event === 'settled' && event.request === first
const startsFirst = (event: LedgerEvent): boolean =>
  event.event === 'handler-started' && event.request === first
/** A time after the recovery timeout. */
const tooLate = 20_000
const replaceSettlement = (settlement: Partial<Extract<LedgerEvent, { event: 'settled' }>>): Flaw =>
  change('requester-1', (event) => [
    settlesFirst(event) ? ({ ...event, ...settlement } as LedgerEvent) : event,
  ])
const changeResponders =
  (replace: (event: LedgerEvent) => readonly LedgerEvent[]): Flaw =>
  (ledgers) =>
    responders.reduce((all, process) => change(process, replace)(all), ledgers)
/** Adds a second responder that handles the first request. */
const handledElsewhere: Flaw = (ledgers) => {
  const other = responders.find((process) => !ledgers[process].some(startsFirst)) ?? 'responder-1'
  return {
    ...ledgers,
    [other]: [...ledgers[other], { at: 9, event: 'handler-started', request: first, identity: first }],
  }
}

const flaws: readonly (readonly [what: string, flaw: Flaw, breaks: Rule])[] = [
  [
    'a request without an outcome',
    change('requester-1', (event) => (settlesFirst(event) ? [] : [event])),
    'every request has an outcome',
  ],
  [
    'a request with two outcomes',
    change('requester-1', (event) => (settlesFirst(event) ? [event, event] : [event])),
    'no request has two outcomes',
  ],
  [
    'a response to another requester’s request',
    replaceSettlement({ respondsTo: 'requester-2/1' }),
    'a response goes to its requester',
  ],
  [
    'a responder that handles a request again',
    changeResponders((event) => (startsFirst(event) ? [event, event] : [event])),
    'a responder handles a request once',
  ],
  [
    'a second responder that handles a request',
    handledElsewhere,
    'no request is handled twice without a redelivery or retry',
  ],
  [
    'a request that was acknowledged and lost',
    replaceSettlement({ outcome: 'timeout', at: tooLate }),
    'no acknowledged request is lost',
  ],
  [
    'a request that failed before the broker acknowledged it',
    (ledgers) =>
      change('requester-1', (event) =>
        event.event === 'acknowledged' && event.request === first ? [] : [event],
      )(replaceSettlement({ outcome: 'overflow' })(ledgers)),
    'every request is answered',
  ],
  [
    'a handled request that no requester sent',
    (ledgers) => ({
      ...ledgers,
      'responder-2': [
        ...ledgers['responder-2'],
        { at: 1, event: 'handler-started', request: 'x/1', identity: 'x/1' },
      ],
    }),
    'only requests that were sent are handled',
  ],
  [
    'no response after the fault',
    change('requester-1', (event) => [event.event === 'settled' ? { ...event, at: 150 } : event]),
    'the system recovers',
  ],
]

describe('judge', () => {
  it('finds no breach in a run without faults in its ledgers', () => {
    fc.assert(fc.property(goodRun, (ledgers) => void expect(judge(toEvidence(ledgers)).breaches).toEqual([])))
  })

  it.each(flaws)('reports %s', (_, flaw, breaks) => {
    fc.assert(
      fc.property(
        goodRun,
        (ledgers) => void expect(rulesBroken(toEvidence(flaw(ledgers)))).toEqual([breaks]),
      ),
    )
  })

  it('reports an unexpected exit of a process', () => {
    fc.assert(
      fc.property(
        goodRun,
        (ledgers) =>
          void expect(rulesBroken({ ...toEvidence(ledgers), unexpectedExits: ['broker ended'] })).toEqual([
            'no process exits unexpectedly',
          ]),
      ),
    )
  })

  it('counts a request handled by two responders, without a breach, after a lost connection or a retry', () => {
    fc.assert(
      fc.property(goodRun, (ledgers) => {
        for (const evidence of [
          toEvidence(handledElsewhere(ledgers), killed),
          toEvidence(handledElsewhere(ledgers), harmless, 'retried'),
        ])
          expect(judge(evidence)).toMatchObject({ breaches: [], handledElsewhere: 1 })
      }),
    )
  })

  it('accepts a lost request, but not two outcomes, after changed bytes or a clock set forward', () => {
    const lost = replaceSettlement({ outcome: 'timeout', at: tooLate })
    const settledTwice = flaws[1]?.[1] ?? lost
    fc.assert(
      fc.property(goodRun, fc.constantFrom(corrupted, clockSetForward), (ledgers, fault) => {
        // A further request whose response arrives after the fault.
        const extra = 'requester-1/extra'
        const more: LedgerSet = {
          ...ledgers,
          'requester-1': [
            ...ledgers['requester-1'],
            { at: 250, event: 'sent', request: extra },
            { at: 260, event: 'settled', request: extra, outcome: 'response', respondsTo: extra },
          ],
        }
        expect(rulesBroken(toEvidence(lost(more), fault))).toEqual([])
        expect(rulesBroken(toEvidence(settledTwice(more), fault))).toContain('no request has two outcomes')
      }),
    )
  })

  it('accepts a second handler run under another identity only if bytes were changed', () => {
    const withOtherIdentity = changeResponders((event) =>
      startsFirst(event) ? [event, { ...event, identity: 'changed' } as LedgerEvent] : [event],
    )
    const repeated = changeResponders((event) => (startsFirst(event) ? [event, event] : [event]))
    const rule = 'a responder handles a request once'
    fc.assert(
      fc.property(goodRun, (ledgers) => {
        expect(rulesBroken(toEvidence(withOtherIdentity(ledgers), corrupted, 'retried'))).toEqual([])
        expect(rulesBroken(toEvidence(withOtherIdentity(ledgers), harmless, 'retried'))).toEqual([rule])
        expect(rulesBroken(toEvidence(repeated(ledgers), corrupted, 'retried'))).toEqual([rule])
      }),
    )
  })

  it('accepts a request that timed out before the recovery timeout', () => {
    fc.assert(
      fc.property(
        goodRun,
        fc.constantFrom('timeout', 'expired'),
        (ledgers, outcome) =>
          void expect(rulesBroken(toEvidence(replaceSettlement({ outcome, at: 1_000 })(ledgers)))).toEqual(
            [],
          ),
      ),
    )
  })

  it('measures recovery from the end of a fault to the next response, unless another fault outlasts it', () => {
    const ledgers: LedgerSet = {
      'requester-1': [
        { at: 0, event: 'sent', request: first },
        { at: 230, event: 'settled', request: first, outcome: 'response', respondsTo: first },
      ],
      'responder-1': [],
      'responder-2': [],
      'responder-3': [],
    }
    const evidence = toEvidence(ledgers)
    expect(judge(evidence).recoveries).toEqual([{ kind: 'delayed', milliseconds: 30 }])
    const outlasted = [...evidence.faults, { fault: killed, began: 150, ended: 210 }]
    expect(judge({ ...evidence, faults: outlasted }).recoveries).toEqual([
      { kind: 'responder killed', milliseconds: 20 },
    ])
  })
})
