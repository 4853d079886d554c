import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { readCommandLine } from '../bin/command-line.mjs'
import { foreignNotice, readNotRun } from './not-run.js'
import { watched } from './progress.js'
import { schedule } from './schedule.js'
import { allSteps, stepsNamed } from './steps.js'
import { failures, summary, tally } from './summary.js'
import { readTestCounts } from './tests/read-counts.js'
import { inCache } from './workspace.js'

const help = `pnpm check: runs what CI runs

Usage: pnpm check [step ...]
Runs these steps and those they need (default: all).

Steps
${allSteps()
  .map(({ name, about }) => `  ${name.padEnd(12)}  ${about}`)
  .join('\n')}

Options
  -h, --help    prints this help`

const { positionals } = readCommandLine(help, { allowPositionals: true })
const steps = stepsNamed(positionals)
await mkdir(inCache('check'), { recursive: true })
const start = performance.now()
const { run, stop } = watched(steps)
const results = await schedule(steps, { slots: availableParallelism(), run })
stop()

const isWithTests = results.some(({ step }) => step.name === 'tests')
const tests = isWithTests ? await readTestCounts() : undefined
const notRun = isWithTests ? await readNotRun() : []
const line = tally(results, tests)
await writeFile(inCache('check', 'tally'), `${line}\n`)

process.stdout.write(failures(results))
process.stdout.write(summary(results, performance.now() - start))
process.stdout.write(foreignNotice(notRun))
console.log(line)
process.exitCode = results.every(({ verdict }) => verdict === 'passed') ? 0 : 1
