import { expect, it } from 'vitest'
import type { RequestRecord } from '../../src/scale/application.js'
import { failuresOf, figuresOf, type ClusterRecord } from '../../src/scale/judge.js'

const fine: readonly RequestRecord[] = [
  { id: 0, sentAt: 0, settledAt: 5, outcome: 'responded' },
  { id: 1, sentAt: 90, settledAt: 1_400, outcome: 'responded' },
  { id: 2, sentAt: 200, settledAt: 204, outcome: 'responded' },
]

const record = (
  requests: readonly RequestRecord[],
  { sessionsLost = 0, sessionsOutliveNodes = true } = {},
): ClusterRecord => ({
  name: 'Broker',
  note: '',
  sessionsOutliveNodes,
  secondsToStart: 1,
  killedAt: 100,
  load: { requests, repeatedRuns: 0, sessionsLost, reconnects: 2 },
})

it('finds no failure if every request settles with its response', () => {
  expect(failuresOf(record(fine), 3)).toEqual([])
})

it('measures the recovery to the last response that the kill delayed', () => {
  expect(figuresOf(record(fine))).toEqual({
    requests: 3,
    answered: 3,
    otherOutcomes: {},
    recovery: 1_300,
    longest: 1_310,
  })
})

it('reports requests without an outcome, with two outcomes, or with an error', () => {
  const last: RequestRecord = { id: 2, sentAt: 200, settledAt: 30_200, outcome: 'timeout' }
  expect(failuresOf(record(fine.slice(0, 2)), 3)).toEqual(['Broker: 2 of 3 requests had an outcome'])
  expect(failuresOf(record([...fine, fine[0] as RequestRecord]), 3)).toEqual([
    'Broker: 1 requests had two outcomes',
  ])
  expect(failuresOf(record([...fine.slice(0, 2), last]), 3)).toEqual([
    'Broker: 1 requests ended with "timeout" and not with their response',
  ])
})

it('reports lost sessions only if the sessions of the broker survive a node', () => {
  expect(failuresOf(record(fine, { sessionsLost: 1 }), 3)).toEqual([
    'Broker: 1 sessions were lost with the node',
  ])
  expect(failuresOf(record(fine, { sessionsLost: 1, sessionsOutliveNodes: false }), 3)).toEqual([])
})
