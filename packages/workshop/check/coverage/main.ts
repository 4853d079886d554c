import { readFile, rm } from 'node:fs/promises'
import { runCommand } from '../run-command.js'
import { readSkippedSuites } from '../skipped-suites.js'
import { noteMark } from '../step.js'
import { blobs } from '../tests/tiers.js'
import { inCache, inRoot } from '../workspace.js'
import { coverageTable, percentage, type CoverageSummary } from './coverage-table.js'

const report = inCache('coverage', 'coverage-summary.json')
const skipped = (await readSkippedSuites()).filter(({ needs }) => needs.length > 0)
if (skipped.length > 0) {
  // The thresholds apply only if every suite has run.
  console.log(`${noteMark}not checked: ${skipped.length} suites did not run`)
} else {
  await rm(report, { force: true })
  const { code, output } = await runCommand(inRoot('node_modules', '.bin', 'vitest'), [
    ...['run', '--config', '.config/vitest.coverage.config.ts', '--coverage'],
    ...[`--merge-reports=${blobs}`, '--reporter=dot'],
  ])
  if (code !== 0) process.stdout.write(output)
  const summary = JSON.parse(await readFile(report, 'utf8')) as CoverageSummary
  console.log(coverageTable(summary))
  const { total } = summary
  if (total !== undefined)
    console.log(`${noteMark}statements ${percentage(total.statements)}, branches ${percentage(total.branches)}`)
  process.exitCode = code
}
