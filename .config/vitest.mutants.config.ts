import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** The part of `mutants.json` that is used here. */
interface Mutants {
  readonly packages: Readonly<
    Record<string, { readonly tests: readonly string[]; readonly leaveOut: readonly string[] }>
  >
}

const root = new URL('..', import.meta.url)

// `pnpm mutants` sets this variable and runs one package after the other.
const name = process.env['ANTIPHON_MUTANTS'] ?? 'core'
const { tests = [], leaveOut = [] } =
  (JSON.parse(readFileSync(new URL('.config/mutants.json', root), 'utf8')) as Mutants).packages[name] ?? {}

// Tests with foreign programs are too slow to run for each mutant, and not every machine has the programs.
const otherTiers = ['**/*.interop.test.ts', '**/*.nightly.test.ts']

export default defineConfig({
  root: root.pathname,
  test: {
    include: [...tests],
    exclude: [...leaveOut, ...otherTiers],
    setupFiles: ['.config/vitest.mutants.setup.ts'],
    env: { ANTIPHON_FC_RUNS: '100' },
    // Each mutant gets a new worker, in which test files share their imports.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
