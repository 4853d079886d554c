import { readFile } from 'node:fs/promises'
import { inCache } from '../workspace.js'
import { countTests, type TestCounts, type VitestReport } from './counts.js'

/** Where the last run of all tests left its report. */
export const testReport: string = inCache('check', 'tests.json')

/** The counts of the last run of all tests; none where it did not get so far. */
export async function readTestCounts(): Promise<TestCounts> {
  const report = await readFile(testReport, 'utf8').catch(() => undefined)
  return report === undefined
    ? { passed: 0, failed: 0, skipped: 0 }
    : countTests(JSON.parse(report) as VitestReport)
}
