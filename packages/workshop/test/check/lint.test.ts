import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'
import { inRoot, root } from '../../check/workspace.js'

const eslint = new ESLint({ cwd: root, overrideConfigFile: inRoot('.config', 'eslint.config.js') })

// Lints the text as the content of the file.
async function rulesBrokenBy(text: string, file: string): Promise<readonly (string | null)[]> {
  const [result] = await eslint.lintText(text, { filePath: inRoot(file) })
  return (result?.messages ?? []).map(({ ruleId }) => ruleId)
}

const core = 'packages/core/src/index.ts'
const broker = 'packages/broker/src/index.ts'
const test = 'packages/workshop/test/check/lint.test.ts'

// The first test of each package loads its types.
describe('the lint rules', () => {
  it.each([
    ['the short form of fp-ts', "export { right } from 'fp-ts/Either'", core, 'no-restricted-imports'],
    [
      'the short form of io-ts',
      "export { failure } from 'io-ts/PathReporter'",
      core,
      'no-restricted-imports',
    ],
    [
      'a path into a package',
      "export * from '@antiphon/core/src/message.js'",
      broker,
      'no-restricted-imports',
    ],
    ['setTimeout in core', 'setTimeout(() => undefined, 1)', core, 'no-restricted-globals'],
    ['setInterval in core', 'setInterval(() => undefined, 1)', core, 'no-restricted-globals'],
    [
      'performance.now in core',
      'export const now: number = performance.now()',
      core,
      'no-restricted-globals',
    ],
    ['Date.now in core', 'export const now: number = Date.now()', core, 'no-restricted-properties'],
    ['the time of day in core', 'export const now: Date = new Date()', core, 'no-restricted-syntax'],
    [
      'setTimeout of globalThis',
      'globalThis.setTimeout(() => undefined, 1)',
      core,
      'no-restricted-properties',
    ],
    [
      'a non-null assertion without a reason',
      'export const first = (all: readonly string[]): string => all[0]!',
      core,
      'antiphon/non-null-with-reason',
    ],
    [
      'a type imported as a value',
      "import { Observable } from 'rxjs'\nexport type Some = Observable<string>",
      core,
      '@typescript-eslint/consistent-type-imports',
    ],
    [
      'an export without a return type',
      'export function one() {\n  return 1\n}',
      core,
      '@typescript-eslint/explicit-module-boundary-types',
    ],
    [
      'a test with only',
      "import { it } from 'vitest'\nit.only('is', () => undefined)",
      test,
      'no-restricted-syntax',
    ],
    [
      'a skipped test',
      "import { describe } from 'vitest'\ndescribe.skip('is', () => undefined)",
      test,
      'no-restricted-syntax',
    ],
    [
      'a conditionally skipped test',
      "import { it } from 'vitest'\nit.skipIf(true)('is', () => undefined)",
      test,
      'no-restricted-syntax',
    ],
  ])('reject %s', async (_, text, file, rule) => {
    expect(await rulesBrokenBy(`${text}\n`, file)).toContain(rule)
  })

  it.each([
    ['the long form of fp-ts', "export { right } from 'fp-ts/lib/Either.js'", core],
    ['a date from a value', 'export const day: Date = new Date(0)', core],
    ['a timer outside of core and testing', 'setTimeout(() => undefined, 1)', broker],
    [
      'a non-null assertion with its reason',
      'export const first = (all: readonly string[]): string =>\n  // It is never empty.\n  all[0]!',
      core,
    ],
  ])('accept %s', async (_, text, file) => {
    expect(await rulesBrokenBy(`${text}\n`, file)).toEqual([])
  })
})
