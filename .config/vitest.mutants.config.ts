import { readFileSync, statSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type Reporter, type TestSpecification } from 'vitest/node'

type MutantTests = Readonly<Record<'tests' | 'leaveOut' | 'leaveOutTitles', readonly string[]>>

/** The part of `mutants.json` that is used here. */
interface Mutants {
  readonly packages: Readonly<Record<string, MutantTests>>
}

const root = new URL('..', import.meta.url)

// `pnpm mutants` sets this variable and runs one package after the other.
const name = process.env['ANTIPHON_MUTANTS'] ?? 'core'
const {
  tests = [],
  leaveOut = [],
  leaveOutTitles = [],
} = (JSON.parse(readFileSync(new URL('.config/mutants.json', root), 'utf8')) as Mutants).packages[name] ?? {}

// Tests with foreign programs are too slow to run for each mutant, and not every machine has the programs.
const otherTiers = ['**/*.interop.test.ts', '**/*.nightly.test.ts']

/** The test files that failed, the last one at the end. */
const failedFiles = new Set<string>()

const rememberFailures: Reporter = {
  onTestModuleEnd: (file) => {
    if (file.state() !== 'failed') return
    failedFiles.delete(file.moduleId)
    failedFiles.add(file.moduleId)
  },
}

/**
 * Runs first what failed last, then small files. A run ends with the first test that fails, and the mutants of a source file
 * follow each other and mostly fail the same tests.
 */
class FailedFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const failed = [...failedFiles]
    const rankOf = ({ moduleId }: TestSpecification) => ({
      failure: failed.indexOf(moduleId),
      size: statSync(moduleId).size,
    })
    const ranked = files.map((file) => ({ file, ...rankOf(file) }))
    ranked.sort((a, b) => b.failure - a.failure || a.size - b.size)
    return Promise.resolve(ranked.map(({ file }) => file))
  }
}

export default defineConfig({
  root: root.pathname,
  test: {
    include: [...tests],
    exclude: [...leaveOut, ...otherTiers],
    setupFiles: ['.config/vitest.mutants.setup.ts'],
    env: { ANTIPHON_FC_RUNS: '25', ANTIPHON_LEAVE_OUT: JSON.stringify(leaveOutTitles) },
    // Each mutant gets a new worker, in which test files share their imports.
    isolate: false,
    sequence: { sequencer: FailedFirst },
    reporters: [rememberFailures],
    // These tests take milliseconds: one that takes seconds waits for what the mutant prevents.
    testTimeout: 5_000,
    hookTimeout: 5_000,
  },
})
