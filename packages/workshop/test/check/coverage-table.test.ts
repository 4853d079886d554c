import { expect, it } from 'vitest'
import { coverageTable } from '../../check/coverage/coverage-table.js'

it('sums the coverage of each package', () => {
  const counts = (covered: number, total: number): Parameters<typeof coverageTable>[0][string] => {
    const measure = { covered, total }
    return { statements: measure, branches: measure, functions: measure, lines: measure }
  }
  const table = coverageTable({
    total: counts(9, 10),
    '/some/where/packages/core/src/errors.ts': counts(1, 2),
    '/some/where/packages/core/src/link/link.ts': counts(2, 2),
    '/some/where/packages/testing/src/index.ts': counts(0, 0),
  })
  expect(table.split('\n')).toEqual([
    '  core     statements 75.0 %  branches 75.0 %  functions 75.0 %  lines 75.0 %',
    '  testing  statements      –  branches      –  functions      –  lines      –',
  ])
})
