/** A fault put into core by hand: in this file, this text becomes that. */
export interface Mutant {
  readonly file: string
  readonly text: string
  readonly becomes: string
  /** The promise of the contract, or the marble test, that fails over it; others may as well. */
  readonly caughtBy: string
  /** A marble test that fails over it beside a promise of the contract. */
  readonly alsoIn?: string
}
