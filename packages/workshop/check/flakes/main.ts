import { mkdir, readFile, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { guardProcesses } from '@antiphon/workshop/process-guard'
import { readCommandLine } from '../../bin/command-line.mjs'
import { seconds } from '../progress.js'
import { runCommand } from '../run-command.js'
import { noteMark } from '../step.js'
import { testFiles } from '../tests/test-files.js'
import { fromRoot, inCache, inRoot } from '../workspace.js'
import { countFailures, failuresOf, failureTable, type Failure, type FailureReport } from './failures.js'
import { startLoad } from './load.js'
import { selectTests } from './select-tests.js'

const help = `pnpm flakes: runs tests many times and counts which fail

Usage: pnpm flakes [path ...] [options]
<path> is a test file, a folder or a part of a path, such as packages/mqtt or .interop (default: all tests).

Options
  --runs <n>        number of runs (default: 10)
  --load            keeps every core busy during the runs
  --except <path>   leaves out test files with this part of a path; can be repeated
  -h, --help        prints this help`

const { values, positionals } = readCommandLine(help, {
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '10' },
    load: { type: 'boolean', default: false },
    except: { type: 'string', multiple: true, default: [] },
  },
})
const runs = Number(values.runs)
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`--runs is ${values.runs}: it must be a whole number from 1; see --help`)
  process.exit(1)
}

const files = selectTests(testFiles(), positionals, values.except)
if (files.length === 0) {
  console.error('no test file has these paths; see --help')
  process.exit(1)
}

guardProcesses()
const folder = inCache('flakes')
await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
const cores = availableParallelism()
const stopLoad = values.load ? startLoad(cores) : undefined
const results: (readonly Failure[])[] = []
for (let number = 1; number <= runs; number += 1) results.push(await run(number))
await stopLoad?.()

const counts = countFailures(results)
console.log(`\n${failureTable(counts, runs)}`)
const failed = results.filter((failures) => failures.length > 0).length
console.log(`${noteMark}${failed} of ${runs} runs failed${values.load ? `, with ${cores} cores busy` : ''}`)
process.exitCode = failed === 0 ? 0 : 1

/** Runs the tests once, and prints how they ended. */
async function run(number: number): Promise<readonly Failure[]> {
  const start = performance.now()
  const reportFile = inCache('flakes', `${number}.json`)
  const log = inCache('flakes', `${number}.log`)
  const { code, output } = await runCommand(
    inRoot('node_modules', '.bin', 'vitest'),
    [
      ...['run', '--config', '.config/vitest.config.ts', '--allowOnly=false', ...files],
      ...['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
    ],
    { log },
  )
  const report = await readFile(reportFile, 'utf8').catch(() => undefined)
  const failures = failuresOf({
    code,
    output,
    report: report === undefined ? undefined : (JSON.parse(report) as FailureReport),
  })
  const time = seconds(performance.now() - start)
  const result = failures.length === 0 ? 'passed' : `${failures.length} failed, see ${fromRoot(log)}`
  console.log(`run ${number} of ${runs}: ${result}, in ${time}`)
  for (const { test } of failures) console.log(`  ✘ ${test}`)
  return failures
}
