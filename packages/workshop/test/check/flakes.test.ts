import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { countFailures, failuresOf, failureTable, type FailureReport } from '../../check/flakes/failures.js'
import { startLoad } from '../../check/flakes/load.js'
import { selectTests } from '../../check/flakes/select-tests.js'
import { testFiles } from '../../check/tests/test-files.js'
import { inRoot } from '../../check/workspace.js'

const report = (status: 'passed' | 'failed', ...failed: readonly string[]): FailureReport => ({
  testResults: [
    {
      name: inRoot('packages', 'a', 'test', 'one.test.ts'),
      status,
      message: 'the message of the file',
      assertionResults: [
        { fullName: 'suite works', status: 'passed', failureMessages: [] },
        ...failed.map((fullName) => ({
          fullName,
          status: 'failed',
          failureMessages: [`${fullName} broke\n at x`],
        })),
      ],
    },
  ],
})

describe('the failures of a run', () => {
  it('are the failed tests with their files and messages', () => {
    expect(failuresOf({ code: 1, output: '', report: report('failed', 'suite waits') })).toEqual([
      { test: 'packages/a/test/one.test.ts suite waits', message: 'suite waits broke\n at x' },
    ])
  })

  it('are the files that failed outside their tests', () => {
    expect(failuresOf({ code: 1, output: '', report: report('failed') })).toEqual([
      { test: 'packages/a/test/one.test.ts', message: 'the message of the file' },
    ])
  })

  it('are the run itself if it failed without a failed test, or wrote no report', () => {
    const output = 'The tests left processes behind:\n  mosquitto -c x\n'
    const expected = [{ test: '(the run)', message: output.trimEnd() }]
    expect(failuresOf({ code: 1, output, report: report('passed') })).toEqual(expected)
    expect(failuresOf({ code: 1, output, report: undefined })).toEqual(expected)
  })

  it('are none if the run passed', () => {
    expect(failuresOf({ code: 0, output: '', report: report('passed') })).toEqual([])
  })
})

describe('the table of failures', () => {
  const [a, b] = [
    { test: 'a', message: 'first of a\nstack' },
    { test: 'b', message: 'first of b' },
  ]

  it('counts the runs in which each test failed, the most frequent first, with its first message', () => {
    const runs = [[a], [b, { test: 'a', message: 'second of a' }], ...Array<[]>(8).fill([])]
    expect(failureTable(countFailures(runs), runs.length)).toBe(
      '  2 of 10  a\n             first of a\n  1 of 10  b\n             first of b\n',
    )
  })

  it('tells that no test failed', () => {
    expect(failureTable([], 3)).toBe('  no test failed in 3 runs\n')
  })
})

describe('the tests of pnpm flakes', () => {
  const files = [
    'packages/mqtt/test/a.test.ts',
    'packages/core/test/b.interop.test.ts',
    'packages/c/test/c.nightly.test.ts',
  ]

  it('are those with one of the paths and none of the exceptions; nightly tests only if they are named', () => {
    expect(selectTests(files, [], [])).toEqual(files.slice(0, 2))
    expect(selectTests(files, ['packages/mqtt', '.interop.'], [])).toEqual(files.slice(0, 2))
    expect(selectTests(files, [], ['packages/mqtt'])).toEqual([files[1]])
    expect(selectTests(files, ['.nightly.'], [])).toEqual([files[2]])
  })

  it('are found in all packages and examples', () => {
    expect(testFiles()).toEqual(expect.arrayContaining(['packages/workshop/test/check/flakes.test.ts']))
    expect(testFiles().length).toBeGreaterThan(200)
  })
})

it('the load of pnpm flakes ends when it is stopped', async () => {
  await expect(startLoad(availableParallelism())()).resolves.toBeUndefined()
})
