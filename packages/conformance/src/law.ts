/** A property-based test for any test framework. */
export interface Law {
  /** The tested behaviour. */
  readonly name: string
  /** Returns if the law holds, throws with a counterexample if not. */
  readonly check: () => void
}

/** The number of runs of a law, and their seed. */
export interface LawRuns {
  /** The number of generated values for each law. @defaultValue 500 */
  readonly numRuns?: number
  /** Generates the same values in every run. The error of a failed law contains its seed. @defaultValue random */
  readonly seed?: number
  /** Reports the first counterexample without shrinking it. @defaultValue false */
  readonly endOnFailure?: boolean
}

/** Returns a law. */
export function law(name: string, check: () => void): Law {
  return { name, check }
}

/** Returns the parameters for `assert` of fast-check. */
export function fastCheckParameters({ numRuns = 500, seed, endOnFailure = false }: LawRuns): LawRuns {
  return { numRuns, endOnFailure, ...(seed === undefined ? {} : { seed }) }
}
