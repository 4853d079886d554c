import fc from 'fast-check'

/** A property that must hold for every fault script, checked with random scripts. */
export interface FaultProperty {
  readonly name: string
  /** Plays the script of this seed and returns a counterexample, if the property does not hold. */
  readonly play: (seed: number) => Counterexample | undefined
}

/** A script that violates a property. */
export interface Counterexample {
  /** The shrunk script, with all other generated values. */
  readonly script: unknown
  readonly error: unknown
}

/** Returns a property of generated scenarios; it holds if `holds` returns without throwing. */
export function faultProperty<T>(
  name: string,
  scenarios: fc.Arbitrary<T>,
  holds: (scenario: T) => void,
): FaultProperty {
  const property = fc.property(scenarios, holds)
  return {
    name,
    play: (seed) => {
      const { counterexample, errorInstance } = fc.check(property, { seed, numRuns: 1 })
      return counterexample === null ? undefined : { script: counterexample[0], error: errorInstance }
    },
  }
}

/** Generates fault scripts of these marbles, two thirds of them idle, with `h` (heal) at the end. */
export function scriptOf(marbles: string): fc.Arbitrary<string> {
  const idle = '-'.repeat(marbles.length * 2)
  return fc
    .array(fc.constantFrom(...idle, ...marbles), { minLength: 10, maxLength: 120 })
    .map((script) => `${script.join('')}-h`)
}
