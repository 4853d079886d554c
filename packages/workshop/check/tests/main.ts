import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { skippedSuitesFile } from '@antiphon/workshop'
import { runCommand } from '../run-command.js'
import { readSkippedSuites } from '../skipped-suites.js'
import { noteMark } from '../step.js'
import { inCache, inRoot } from '../workspace.js'
import { readTestCounts } from './read-counts.js'
import { blobs, optionsOf, testReport, tiers } from './tiers.js'

const tier = tiers.find((name) => name === process.argv[2]) ?? 'check'
const report = testReport(tier)
const blob = join(blobs, `${tier}.json`)

// A nightly run measures no coverage: the check does.
const coverage = [
  ...['--coverage', '--coverage.reporter=none', '--reporter=blob', `--outputFile.blob=${blob}`],
  `--coverage.reportsDirectory=${inCache('check', 'coverage', tier)}`,
]
if (tier !== 'check') await rm(skippedSuitesFile(), { force: true })
await rm(report, { force: true })
await rm(blob, { force: true })
const { code } = await runCommand(
  inRoot('node_modules', '.bin', 'vitest'),
  [
    ...[
      'run',
      '--config',
      '.config/vitest.config.ts',
      '--allowOnly=false',
      ...optionsOf(tier, availableParallelism()),
    ],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ...(tier === 'nightly' ? [] : coverage),
  ],
  { onOutput: (text) => process.stdout.write(text) },
)
const { passed, failed, skipped } = await readTestCounts(tier)
if (skipped > 0) console.log(`${skipped} tests are skipped: tests must not be skipped`)
const suites = tier === 'check' ? 0 : (await readSkippedSuites()).length
const counts = [
  [passed, 'passed'],
  [failed, 'failed'],
  [skipped, 'skipped'],
  [suites, suites === 1 ? 'suite did not run' : 'suites did not run'],
] as const
const shown = counts.filter(([count], index) => index === 0 || count > 0)
console.log(noteMark + shown.map((count) => count.join(' ')).join(', '))
process.exitCode = code === 0 && skipped > 0 ? 1 : code
