import { expect, it } from 'vitest'
import type { Ledgers } from '../../src/durability/contract.js'
import { failuresOf, judge } from '../../src/durability/judge.js'

const fine: Ledgers = {
  sent: ['a', 'b', 'c'],
  // `unsent` was killed between the store and its ledger.
  handled: ['a', 'b', 'unsent', 'c'],
  outcomes: [
    ['a', 'done'],
    ['a', 'done'],
    ['b', 'done'],
    ['unsent', 'done'],
    ['c', 'interrupted'],
  ],
}

const failuresIn = (ledgers: Ledgers): readonly string[] => failuresOf('run', judge(ledgers))

it('accepts outcomes that are repeated, interrupted handlers, and requests without an entry in the ledger of sent ones', () => {
  expect(judge(fine)).toEqual({
    requests: 3,
    answered: 3,
    interrupted: 1,
    lost: [],
    twice: [],
    wrong: [],
  })
  expect(failuresIn(fine)).toEqual([])
})

it('reports requests that are lost, handled twice, or have another outcome', () => {
  expect(failuresIn({ ...fine, sent: [...fine.sent, 'd'] })).toEqual(['run: 1 lost: d'])
  expect(failuresIn({ ...fine, handled: [...fine.handled, 'a'] })).toEqual(['run: 1 handled twice: a'])
  expect(
    failuresIn({ ...fine, outcomes: [...fine.outcomes, ['b', '[timeout] order: no response']] }),
  ).toEqual(['run: 1 with a wrong outcome: b: [timeout] order: no response'])
})

it('reports a response for which no handler has run', () => {
  expect(failuresIn({ ...fine, handled: ['b', 'unsent'] })).toEqual(['run: 1 with a wrong outcome: a: done'])
})

it('fails a run without requests', () => {
  expect(failuresIn({ sent: [], handled: [], outcomes: [] })).toEqual(['run: no request was sent'])
})
