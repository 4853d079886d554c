import { readFile } from 'node:fs/promises'
import { countTests, type TestCounts, type VitestReport } from './counts.js'
import { testReport, type Tier } from './tiers.js'

/** Reads the test counts of the last run of a tier; all counts are 0 if the run wrote no report. */
export async function readTestCounts(tier: Tier): Promise<TestCounts> {
  const report = await readFile(testReport(tier), 'utf8').catch(() => undefined)
  return report === undefined
    ? { passed: 0, failed: 0, skipped: 0 }
    : countTests(JSON.parse(report) as VitestReport)
}
