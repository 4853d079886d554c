import fc from 'fast-check'

/** A promise that must hold through any fault script, to be tried with scripts drawn at random. */
export interface Promised {
  readonly name: string
  /** Plays the script of this seed; says how the promise was broken, if it was. */
  readonly play: (seed: number) => Broken | undefined
}

/** A broken promise. */
export interface Broken {
  /** The simplest script found that breaks it, with all that was drawn beside it. */
  readonly script: unknown
  readonly error: unknown
}

/** A promise about what is drawn, kept where `holds` returns. */
export function promised<T>(name: string, drawn: fc.Arbitrary<T>, holds: (life: T) => void): Promised {
  const property = fc.property(drawn, holds)
  return {
    name,
    play: (seed) => {
      const { counterexample, errorInstance } = fc.check(property, { seed, numRuns: 1 })
      return counterexample === null ? undefined : { script: counterexample[0], error: errorInstance }
    },
  }
}

/** A fault script of these marbles, with twice as many quiet moments; after it everything is well again. */
export function scriptOf(marbles: string): fc.Arbitrary<string> {
  const quiet = '-'.repeat(marbles.length * 2)
  return fc
    .array(fc.constantFrom(...quiet, ...marbles), { minLength: 10, maxLength: 120 })
    .map((drawn) => `${drawn.join('')}-h`)
}
