import { fromRoot } from '../workspace.js'

/** The part of vitest's JSON report that tells which tests failed. */
export interface FailureReport {
  readonly testResults: readonly {
    /** The absolute path of the file. */
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: readonly string[] | null
    }[]
  }[]
}

/** The result of one run of the tests. */
export interface FlakesRun {
  readonly code: number
  readonly output: string
  /** `undefined` if vitest ended before it wrote its report. */
  readonly report: FailureReport | undefined
}

/** A test that failed in a run. */
export interface Failure {
  readonly test: string
  readonly message: string
}

/** Returns the failures of a run: tests, files that failed outside their tests, or the run itself. */
export function failuresOf({ code, output, report }: FlakesRun): readonly Failure[] {
  const files = report?.testResults ?? []
  const failures = files.flatMap(({ name, status, message, assertionResults }): readonly Failure[] => {
    const file = fromRoot(name)
    const tests = assertionResults
      .filter((test) => test.status === 'failed')
      .map(({ fullName, failureMessages }) => ({
        test: `${file} ${fullName}`,
        message: failureMessages?.[0] ?? '',
      }))
    return tests.length === 0 && status === 'failed' ? [{ test: file, message }] : tests
  })
  if (code === 0 || failures.length > 0) return failures
  // No test failed, but an error was thrown outside the tests, a process was left behind, or vitest itself failed.
  return [{ test: '(the run)', message: output.trimEnd().split('\n').slice(-12).join('\n') }]
}

/** Returns how often each test failed, the most frequent first, each with its first message. */
export function countFailures(runs: readonly (readonly Failure[])[]): readonly FailureCount[] {
  const counts = new Map<string, FailureCount>()
  for (const { test, message } of runs.flat())
    counts.set(test, { test, message, ...counts.get(test), count: (counts.get(test)?.count ?? 0) + 1 })
  return [...counts.values()].sort((a, b) => b.count - a.count || a.test.localeCompare(b.test))
}

/** A test and how often it failed. */
export interface FailureCount extends Failure {
  readonly count: number
}

/** Returns the table of the failures in a number of runs. */
export function failureTable(counts: readonly FailureCount[], runs: number): string {
  if (counts.length === 0) return `  no test failed in ${runs} ${runs === 1 ? 'run' : 'runs'}\n`
  const frequencies = counts.map(({ count }) => `${count} of ${runs}`)
  const width = Math.max(...frequencies.map(({ length }) => length))
  return counts
    .map(({ test, message }, index) => {
      const [line = ''] = message.split('\n')
      return `  ${(frequencies[index] ?? '').padStart(width)}  ${test}\n  ${' '.repeat(width)}    ${line}\n`
    })
    .join('')
}
