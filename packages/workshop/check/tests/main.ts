import { readFile, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { notRunFile } from '@antiphon/workshop'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { inCache, inRoot } from '../workspace.js'
import { coverageTable, type CoverageSummary } from './coverage.js'
import { readTestCounts, testReport } from './read-counts.js'

const coverageReport = inCache('coverage', 'coverage-summary.json')

await rm(notRunFile(), { force: true })
await rm(testReport, { force: true })
await rm(coverageReport, { force: true })
const { code } = await runCommand(
  inRoot('node_modules', '.bin', 'vitest'),
  [
    ...['run', '--config', '.config/vitest.config.ts', '--coverage', '--allowOnly=false'],
    // The other steps of a check have the last core.
    `--maxWorkers=${Math.max(1, availableParallelism() - 1)}`,
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${testReport}`],
  ],
  { onOutput: (text) => process.stdout.write(text) },
)
const coverage = await readFile(coverageReport, 'utf8').catch(() => undefined)
if (coverage !== undefined) console.log(coverageTable(JSON.parse(coverage) as CoverageSummary))
const { passed, failed, skipped } = await readTestCounts()
if (skipped > 0) console.log(`${skipped} tests are skipped: no test may be.`)
console.log(
  `${noteMark}${passed} passed${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`,
)
process.exitCode = code === 0 && skipped > 0 ? 1 : code
