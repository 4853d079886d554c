import { describe, expect, it } from 'vitest'
import { ExchangeLog } from '../../src/record/exchange-log.js'
import { resultOf } from '../../src/record/result.js'
import { timelineOf } from '../../src/record/timeline.js'
import { comparisonText, doAgree } from '../../src/report/comparison.js'
import type { ScenarioResults } from '../../src/report/report.js'
import { scenarios } from '../../src/scenarios/index.js'

const sample = { attempts: 0, connects: 0, sent: 0, pending: 0, jobsAtWorkers: 0 }

/** A run in which each request is sent a number of times, of a scenario that recovers at once or never. */
function runOf(name: string, sent: number, isRecovered = true): ScenarioResults {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  const log = new ExchangeLog()
  for (let second = 0; second < 40; second += 1) {
    const number = log.offer(second * 1_000)
    if (isRecovered) log.settle(number, 'responded', second * 1_000 + 1)
  }
  const samples = Array.from({ length: 40 }, (_, index) => ({ ...sample, sent: sent * (index + 1) }))
  return { scenario, results: [resultOf(1, timelineOf(0, sample, samples, log), log, scenario.disturbance)] }
}

describe('comparisonText', () => {
  it('states for each scenario whether the figures agree', () => {
    const text = comparisonText(
      { devices: 500, requestsPerSecond: 100, seeds: 1 },
      {
        real: [runOf('broker-restart', 1), runOf('broker-lost', 1), runOf('hot-key', 1)],
        simulated: [runOf('broker-restart', 1), runOf('broker-lost', 3, false)],
      },
    )
    expect(text.split('\n').slice(-4, -1)).toEqual([
      '| broker-restart | 0 | 0 | yes | 1.00 | 1.00 | yes |',
      '| broker-lost | 0 | none | no | 1.00 | 3.00 | no |',
      '| hot-key | 0 | none | no | 1.00 | none | no |',
    ])
  })
})

describe('doAgree', () => {
  it.each([
    [4, 2, 0, true],
    [2, 4.1, 0, false],
    [0, 3, 1, true],
    [0, 4, 1, false],
    [undefined, undefined, 1, true],
    [undefined, 1, 1, false],
  ])('compares %j with %j, known to %j: %j', (one, other, resolution, expected) => {
    expect(doAgree(one, other, resolution)).toBe(expected)
  })
})
