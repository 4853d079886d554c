import { readFile } from 'node:fs/promises'
import { countTests, type TestCounts, type VitestReport } from './counts.js'
import { testReport, type Tier } from './tiers.js'

/** Reads how the tests of a tier ended in its last run; all counts are 0 if it did not get so far as to report. */
export async function readTestCounts(tier: Tier): Promise<TestCounts> {
  const report = await readFile(testReport(tier), 'utf8').catch(() => undefined)
  return report === undefined
    ? { passed: 0, failed: 0, skipped: 0 }
    : countTests(JSON.parse(report) as VitestReport)
}
