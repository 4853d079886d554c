import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { foreignNotice, readNotRun } from './not-run.js'
import { watched } from './progress.js'
import { schedule } from './schedule.js'
import { stepsNamed } from './steps.js'
import { failures, summary, tally } from './summary.js'
import { readTestCounts } from './tests/read-counts.js'
import { inCache } from './workspace.js'

await mkdir(inCache('check'), { recursive: true })
const steps = stepsNamed(process.argv.slice(2))
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
