import { seconds } from './progress.js'
import type { StepResult } from './step.js'
import type { TestCounts } from './tests/counts.js'

const marks = { passed: '✔', failed: '✘', 'not reached': '–' } as const

/** All that the failed steps printed. */
export function failures(results: readonly StepResult[]): string {
  return results
    .filter(({ verdict }) => verdict === 'failed')
    .map(({ step, output }) => `\n✘ ${step.name} (${step.command.join(' ')})\n\n${output.trimEnd()}\n`)
    .join('')
}

/** A table with a line for each step. */
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
 * `N passed, N failed`: each test counts, and each step beside the tests. A step of the tests that failed though no test
 * did, for its coverage say, counts as one that failed; so does a step that was not reached.
 */
export function tally(results: readonly StepResult[], tests: TestCounts | undefined): string {
  const others = results.filter(({ step }) => step.name !== 'tests')
  const isRed = results.some(({ step, verdict }) => step.name === 'tests' && verdict !== 'passed')
  const testsFailed = (tests?.failed ?? 0) + (tests?.skipped ?? 0)
  const passed = others.filter(({ verdict }) => verdict === 'passed').length + (tests?.passed ?? 0)
  const failed =
    others.filter(({ verdict }) => verdict !== 'passed').length +
    (isRed ? Math.max(1, testsFailed) : testsFailed)
  return `${passed} passed, ${failed} failed`
}
