import { mkdir, writeFile } from 'node:fs/promises'
import { guardProcesses } from '@antiphon/workshop/process-guard'
import { stepRunner } from './progress.js'
import { schedule } from './schedule.js'
import { readSkippedSuites, skippedSuitesNotice } from './skipped-suites.js'
import type { Step } from './step.js'
import { failures, summary, tally } from './summary.js'
import { inCache } from './workspace.js'

/** Runs steps, `slots` at once, prints their results, and sets the exit code of the process. */
export async function runSteps(steps: readonly Step[], slots: number): Promise<void> {
  await mkdir(inCache('check'), { recursive: true })
  // An interrupted or killed run leaves no step running.
  guardProcesses()
  const start = performance.now()
  const { run, stop } = stepRunner(steps)
  const results = await schedule(steps, { slots, run })
  stop()

  const hasForeignSuites = results.some(({ step: { tier } }) => tier !== undefined && tier !== 'check')
  const line = tally(results)
  await writeFile(inCache('check', 'tally'), `${line}\n`)

  process.stdout.write(failures(results))
  process.stdout.write(summary(results, performance.now() - start))
  if (hasForeignSuites) process.stdout.write(skippedSuitesNotice(await readSkippedSuites()))
  console.log(line)
  process.exitCode = results.every(({ verdict }) => verdict === 'passed') ? 0 : 1
}
