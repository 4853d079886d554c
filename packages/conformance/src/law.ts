/** A promise that can be checked by any test framework: `check` throws where it is broken. */
export interface Law {
  readonly name: string
  readonly check: () => void
}

/** How often a law is tried, and with what. */
export interface LawRuns {
  /** How many values each law tries. @defaultValue 500 */
  readonly numRuns?: number
  /** Makes the values the same every time; a failure tells the seed it had. */
  readonly seed?: number
  /** Tells the first value found that breaks a law, without looking for the simplest. @defaultValue false */
  readonly endOnFailure?: boolean
}

/** A law by its name. */
export function law(name: string, check: () => void): Law {
  return { name, check }
}

/** What fast-check is told of the runs. */
export function parametersOf({ numRuns = 500, seed, endOnFailure = false }: LawRuns): LawRuns {
  return { numRuns, endOnFailure, ...(seed === undefined ? {} : { seed }) }
}
