import { configureGlobal } from 'fast-check'
import { beforeEach } from 'vitest'

// Uses few inputs, the same in each run: with random inputs, a mutant could survive in one run and be killed in the next.
configureGlobal({ seed: 1, numRuns: Number(process.env['ANTIPHON_FC_RUNS']) })

/** The counts of Stryker: how often each mutant was reached, while modules loaded and in each test. */
interface Coverage {
  static: object
  perTest: object
}

// Without this object, Stryker treats the coverage as unknown and runs all tests for each mutant. Mutated modules add their
// counts to it; the object must exist even if the tests load no mutated module. This file runs before each test file, whose
// counts Stryker then adds to those of the others: so each test file starts with none.
const stryker = ((globalThis as { __stryker__?: { mutantCoverage?: Coverage } }).__stryker__ ??= {})
stryker.mutantCoverage ??= { static: {}, perTest: {} }
stryker.mutantCoverage.static = {}
stryker.mutantCoverage.perTest = {}

// A surviving mutant runs all tests that reach it, so tests of large numbers are left out: others detect the same mutants.
const leftOut = new Set(JSON.parse(process.env['ANTIPHON_LEAVE_OUT'] ?? '[]') as readonly string[])
beforeEach(({ task, skip }) => {
  skip(leftOut.has(task.name), 'takes too long for each mutant')
})
