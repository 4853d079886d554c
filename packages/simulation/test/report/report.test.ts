import { describe, expect, it } from 'vitest'
import { ExchangeLog } from '../../src/record/exchange-log.js'
import { resultOf } from '../../src/record/result.js'
import { timelineOf } from '../../src/record/timeline.js'
import { reportPage, reportSummary, type ScenarioResults } from '../../src/report/report.js'
import { scenarios } from '../../src/scenarios/index.js'

const sample = { attempts: 0, connects: 0, sent: 0, pending: 0, jobsAtWorkers: 0 }
const subject = { devices: 2_000, requestsPerSecond: 200, seeds: 1 }

/** A run of a scenario in which nothing happens. */
function runOf(name: string): ScenarioResults {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  const log = new ExchangeLog()
  const timeline = timelineOf(0, sample, Array(90).fill(sample), log)
  return { scenario, results: [resultOf(1, timeline, log, scenario.disturbance)] }
}

const chartsIn = (summary: string): readonly string[] =>
  [...summary.matchAll(/\]\(\.\/(.+?)\.svg\)/g)].map(([, name = '']) => name)

describe('the report of a simulation', () => {
  it('draws a scenario beside the one that it is compared to', () => {
    const runs = [runOf('brown-out'), runOf('brown-out-late')]
    expect(chartsIn(reportSummary(subject, runs))).toEqual([
      ...['brown-out', 'brown-out-waiting', 'brown-out-connects'],
      ...['brown-out-late-compared', 'brown-out-late', 'brown-out-late-waiting', 'brown-out-late-connects'],
    ])
    expect(reportPage(subject, runs)).toContain('brown-out-late: requests that succeed')
  })

  it('leaves out the comparison if the other scenario did not run', () => {
    expect(chartsIn(reportSummary(subject, [runOf('brown-out-late')]))).not.toContain(
      'brown-out-late-compared',
    )
  })
})
