import { configureGlobal } from 'fast-check'

// Uses the same inputs in each run: with random inputs, a mutant could survive in one run and be killed in the next.
configureGlobal({ seed: 1 })

// Without this object, Stryker treats the coverage as unknown and runs all tests for each mutant. Mutated modules add their
// coverage to it; the object must exist even if the tests load no mutated module.
const stryker = ((globalThis as { __stryker__?: { mutantCoverage?: object } }).__stryker__ ??= {})
stryker.mutantCoverage ??= { static: {}, perTest: {} }
