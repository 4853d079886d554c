import { expect, it } from 'vitest'
import type { Answered } from '../../src/scale/application.js'
import { failuresOf, figuresOf, type ClusterRecord } from '../../src/scale/judge.js'

const fine: readonly Answered[] = [
  { id: 0, asked: 0, ended: 5, outcome: 'responded' },
  { id: 1, asked: 90, ended: 1_400, outcome: 'responded' },
  { id: 2, asked: 200, ended: 204, outcome: 'responded' },
]

const record = (
  requests: readonly Answered[],
  { sessionsLost = 0, sessionsOutliveNodes = true } = {},
): ClusterRecord => ({
  name: 'Broker',
  note: '',
  sessionsOutliveNodes,
  secondsToStart: 1,
  killedAt: 100,
  load: { questions: requests, repeatedRuns: 0, sessionsLost, reconnects: 2 },
})

it('finds nothing wrong where every question ends with its answer', () => {
  expect(failuresOf(record(fine), 3)).toEqual([])
})

it('measures the recovery to the last answer that the kill held up', () => {
  expect(figuresOf(record(fine))).toEqual({
    asked: 3,
    answered: 3,
    others: {},
    recovery: 1_300,
    longest: 1_310,
  })
})

it('says which questions have no outcome, two of them, or another than their answer', () => {
  const last: Answered = { id: 2, asked: 200, ended: 30_200, outcome: 'timeout' }
  expect(failuresOf(record(fine.slice(0, 2)), 3)).toEqual(['Broker: 2 of 3 questions had an outcome'])
  expect(failuresOf(record([...fine, fine[0] as Answered]), 3)).toEqual([
    'Broker: 1 questions had two outcomes',
  ])
  expect(failuresOf(record([...fine.slice(0, 2), last]), 3)).toEqual([
    'Broker: 1 questions ended with "timeout" and not with their answer',
  ])
})

it('demands that a session lives on only where the broker promises it', () => {
  expect(failuresOf(record(fine, { sessionsLost: 1 }), 3)).toEqual([
    'Broker: 1 sessions were lost with the node',
  ])
  expect(failuresOf(record(fine, { sessionsLost: 1, sessionsOutliveNodes: false }), 3)).toEqual([])
})
