import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** The part of `mutants.json` that is read here. */
interface Mutants {
  readonly packages: Readonly<
    Record<string, { readonly tests: readonly string[]; readonly leaveOut: readonly string[] }>
  >
}

const root = new URL('..', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')

// Set by `pnpm mutants`, which runs one package after the other.
const name = process.env['ANTIPHON_MUTANTS'] ?? 'core'
const { tests = [], leaveOut = [] } =
  (JSON.parse(read('.config/mutants.json')) as Mutants).packages[name] ?? {}

// A foreign program is too slow to run against each mutant, and not every machine has it.
const foreign = readdirSync(new URL(`packages/${name}/test`, root), { recursive: true, encoding: 'utf8' })
  .map((file) => `packages/${name}/test/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && read(file).includes('describeForeign'))

export default defineConfig({
  root: root.pathname,
  test: {
    include: [...tests],
    exclude: [...leaveOut, ...foreign],
    setupFiles: ['.config/vitest.mutants.setup.ts'],
    env: { ANTIPHON_FC_RUNS: '100' },
    // Each mutant gets a new worker; within it, test files share what they import.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
