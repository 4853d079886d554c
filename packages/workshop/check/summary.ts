import { seconds } from './progress.js'
import type { StepResult } from './step.js'

const marks = { passed: '✔', failed: '✘', 'not reached': '–' } as const

/** Returns the output of the failed steps. */
export function failures(results: readonly StepResult[]): string {
  return results
    .filter(({ verdict }) => verdict === 'failed')
    .map(({ step, output }) => `\n✘ ${step.name} (${step.command.join(' ')})\n\n${output.trimEnd()}\n`)
    .join('')
}

/** Returns a table with one line per step. */
export function summary(results: readonly StepResult[], milliseconds: number): string {
  const names = Math.max(...results.map(({ step }) => step.name.length))
  const lines = results.map((result) => {
    const time = result.verdict === 'not reached' ? '' : seconds(result.milliseconds)
    const columns = [result.step.name.padEnd(names), result.verdict.padEnd(11), time.padStart(8), result.note]
    return `  ${marks[result.verdict]} ${columns.join('  ')}`.trimEnd()
  })
  return `\n${lines.join('\n')}\n\n  ${results.length} steps in ${seconds(milliseconds)}\n\n`
}

/**
 * Returns `N passed, N failed`. A step that runs tests counts as its tests, any other step as one; a skipped test and a
 * step that was not reached count as failed. If a step fails although its tests passed, that is one failure.
 */
export function tally(results: readonly StepResult[]): string {
  let passed = 0
  let failed = 0
  for (const { step, verdict, tests } of results) {
    const failedTests = (tests?.failed ?? 0) + (tests?.skipped ?? 0)
    passed += tests?.passed ?? (step.tier === undefined && verdict === 'passed' ? 1 : 0)
    failed += verdict === 'passed' ? failedTests : Math.max(1, failedTests)
  }
  return `${passed} passed, ${failed} failed`
}
