import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Ledger, LedgerEvent } from '../../src/faults/ledger.js'
import type { Fault, Plan } from '../../src/faults/plan.js'
import { judge, type Evidence, type Rule } from '../../src/faults/verdict.js'

const harmless: Fault = { kind: 'delayed', peer: 'responder-1', milliseconds: 100, at: 100, lasts: 100 }
const killed: Fault = { kind: 'responder killed', peer: 'responder-1', at: 100, lasts: 100 }
const garbled: Fault = { kind: 'corrupted', peer: 'responder-1', way: 'up', at: 100, lasts: 100 }
const tomorrow: Fault = { kind: 'clock set', who: 'requester-1', hours: 1, at: 100, lasts: 100 }

const responders = ['responder-1', 'responder-2', 'responder-3'] as const
type LedgerSet = Readonly<Record<'requester-1' | (typeof responders)[number], readonly LedgerEvent[]>>

/** A run in which all went well: each request asked, acknowledged, handled by the responder of its turn, answered. */
const goodRun: fc.Arbitrary<LedgerSet> = fc
  .array(fc.nat(responders.length - 1), { minLength: 2, maxLength: 12 })
  .map((handlers) => {
    const names = handlers.map((_, index) => `requester-1/${index + 1}`)
    const handledBy = (responder: string) =>
      names.filter((_, index) => responders[handlers[index] ?? 0] === responder)
    const ran = (responder: string): readonly LedgerEvent[] =>
      handledBy(responder).map((request) => ({ at: 5, event: 'ran', request, as: request }))
    return {
      'requester-1': names.flatMap((request, index): readonly LedgerEvent[] => [
        { at: index, event: 'asked', request },
        { at: index + 1, event: 'acknowledged', request, reason: 0 },
        { at: index + 300, event: 'ended', request, outcome: 'answer', of: request },
      ]),
      'responder-1': ran('responder-1'),
      'responder-2': ran('responder-2'),
      'responder-3': ran('responder-3'),
    }
  })

const toEvidence = (
  ledgers: LedgerSet,
  fault: Fault = harmless,
  style: Plan['asking']['style'] = 'once',
): Evidence => ({
  plan: {
    seed: 1,
    broker: 'embedded',
    rate: 600,
    asking: { timeout: 1_000, style },
    faults: [fault],
    loadFor: 500,
  },
  ledgers: Object.entries(ledgers).map(([who, events]): Ledger => ({ who, life: 0, events })),
  faults: [{ fault, began: 100, ended: 200 }],
  loadedFor: 500,
  deaths: [],
})

const rulesBroken = (evidence: Evidence): readonly Rule[] => [
  ...new Set(judge(evidence).breaches.map(({ rule }) => rule)),
]

type Flaw = (ledgers: LedgerSet) => LedgerSet
const first = 'requester-1/1'
const change =
  (who: keyof LedgerSet, to: (event: LedgerEvent) => readonly LedgerEvent[]): Flaw =>
  (ledgers) => ({ ...ledgers, [who]: ledgers[who].flatMap(to) })
const isEndOfFirst = (event: LedgerEvent): boolean => event.event === 'ended' && event.request === first
const isRunOfFirst = (event: LedgerEvent): boolean => event.event === 'ran' && event.request === first
/** Long after everything should be well again. */
const tooLate = 20_000
const replaceEnd = (end: Partial<Extract<LedgerEvent, { event: 'ended' }>>): Flaw =>
  change('requester-1', (event) => [isEndOfFirst(event) ? ({ ...event, ...end } as LedgerEvent) : event])
const everywhere =
  (to: (event: LedgerEvent) => readonly LedgerEvent[]): Flaw =>
  (ledgers) =>
    responders.reduce((all, who) => change(who, to)(all), ledgers)
/** The first request is handled by one more responder. */
const handledElsewhere: Flaw = (ledgers) => {
  const other = responders.find((who) => !ledgers[who].some(isRunOfFirst)) ?? 'responder-1'
  return { ...ledgers, [other]: [...ledgers[other], { at: 9, event: 'ran', request: first, as: first }] }
}

const flaws: readonly (readonly [what: string, flaw: Flaw, breaks: Rule])[] = [
  [
    'a request without an outcome',
    change('requester-1', (each) => (isEndOfFirst(each) ? [] : [each])),
    'every request has an outcome',
  ],
  [
    'a request with two outcomes',
    change('requester-1', (each) => (isEndOfFirst(each) ? [each, each] : [each])),
    'no request has two outcomes',
  ],
  [
    'an answer to somebody else’s question',
    replaceEnd({ of: 'requester-2/1' }),
    'an answer goes to its asker',
  ],
  [
    'a responder that handles a request again',
    everywhere((each) => (isRunOfFirst(each) ? [each, each] : [each])),
    'a responder handles a request once',
  ],
  [
    'a second responder that handles a request',
    handledElsewhere,
    'nothing is handled twice without a reason',
  ],
  [
    'a request that was acknowledged and lost',
    replaceEnd({ outcome: 'timeout', at: tooLate }),
    'nothing acknowledged is lost',
  ],
  [
    'a request that was given up before the broker had it',
    (ledgers) =>
      change('requester-1', (each) =>
        each.event === 'acknowledged' && each.request === first ? [] : [each],
      )(replaceEnd({ outcome: 'overflow' })(ledgers)),
    'every request is answered',
  ],
  [
    'a request that nobody asked',
    (ledgers) => ({
      ...ledgers,
      'responder-2': [...ledgers['responder-2'], { at: 1, event: 'ran', request: 'x/1', as: 'x/1' }],
    }),
    'nothing is handled that was not asked',
  ],
  [
    'no answer after the fault',
    change('requester-1', (each) => [each.event === 'ended' ? { ...each, at: 150 } : each]),
    'the system recovers',
  ],
]

describe('the verdict', () => {
  it('finds nothing in runs in which all went well', () => {
    fc.assert(fc.property(goodRun, (ledgers) => void expect(judge(toEvidence(ledgers)).breaches).toEqual([])))
  })

  it.each(flaws)('finds %s', (_, flaw, breaks) => {
    fc.assert(
      fc.property(
        goodRun,
        (ledgers) => void expect(rulesBroken(toEvidence(flaw(ledgers)))).toEqual([breaks]),
      ),
    )
  })

  it('finds a process that fell', () => {
    fc.assert(
      fc.property(
        goodRun,
        (ledgers) =>
          void expect(rulesBroken({ ...toEvidence(ledgers), deaths: ['broker ended'] })).toEqual([
            'no process falls',
          ]),
      ),
    )
  })

  it('lets another responder handle a request again where a connection was lost or it was asked again, and counts it', () => {
    fc.assert(
      fc.property(goodRun, (ledgers) => {
        for (const evidence of [
          toEvidence(handledElsewhere(ledgers), killed),
          toEvidence(handledElsewhere(ledgers), harmless, 'again'),
        ])
          expect(judge(evidence)).toMatchObject({ breaches: [], handledElsewhere: 1 })
      }),
    )
  })

  it('demands no answer where bytes were changed or the asker’s clock was set forward, yet always one outcome', () => {
    const lost = replaceEnd({ outcome: 'timeout', at: tooLate })
    const doubled = flaws[1]?.[1] ?? lost
    fc.assert(
      fc.property(goodRun, fc.constantFrom(garbled, tomorrow), (ledgers, fault) => {
        // One more, so that there are answers again after the fault.
        const again = 'requester-1/again'
        const more: LedgerSet = {
          ...ledgers,
          'requester-1': [
            ...ledgers['requester-1'],
            { at: 250, event: 'asked', request: again },
            { at: 260, event: 'ended', request: again, outcome: 'answer', of: again },
          ],
        }
        expect(rulesBroken(toEvidence(lost(more), fault))).toEqual([])
        expect(rulesBroken(toEvidence(doubled(more), fault))).toContain('no request has two outcomes')
      }),
    )
  })

  it('takes a request that was handled again by another name for another one where bytes were changed, and only there', () => {
    const renamed = everywhere((each) =>
      isRunOfFirst(each) ? [each, { ...each, as: 'changed' } as LedgerEvent] : [each],
    )
    const repeated = everywhere((each) => (isRunOfFirst(each) ? [each, each] : [each]))
    const rule = 'a responder handles a request once'
    fc.assert(
      fc.property(goodRun, (ledgers) => {
        expect(rulesBroken(toEvidence(renamed(ledgers), garbled, 'again'))).toEqual([])
        expect(rulesBroken(toEvidence(renamed(ledgers), harmless, 'again'))).toEqual([rule])
        expect(rulesBroken(toEvidence(repeated(ledgers), garbled, 'again'))).toEqual([rule])
      }),
    )
  })

  it('owes nobody an answer who gave up before the system had to have recovered', () => {
    fc.assert(
      fc.property(
        goodRun,
        fc.constantFrom('timeout', 'expired'),
        (ledgers, outcome) =>
          void expect(rulesBroken(toEvidence(replaceEnd({ outcome, at: 1_000 })(ledgers)))).toEqual([]),
      ),
    )
  })

  it('counts from the end of a fault to the first answer, unless another fault outlasted it', () => {
    const ledgers: LedgerSet = {
      'requester-1': [
        { at: 0, event: 'asked', request: first },
        { at: 230, event: 'ended', request: first, outcome: 'answer', of: first },
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
