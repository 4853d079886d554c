import { configureGlobal } from 'fast-check'

// The same inputs in each run: with random ones, a mutant would survive in one run and not in the next.
configureGlobal({ seed: 1 })

// Without a list, Stryker takes the coverage as unknown and runs all tests for each mutant. Mutated modules add to the list;
// if the tests load none of them, it has to be there all the same.
const stryker = ((globalThis as { __stryker__?: { mutantCoverage?: object } }).__stryker__ ??= {})
stryker.mutantCoverage ??= { static: {}, perTest: {} }
