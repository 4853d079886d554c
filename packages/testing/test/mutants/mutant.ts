/** A fault put into core by hand: in this file, this text becomes that. */
export interface Mutant {
  readonly file: string
  readonly text: string
  readonly becomes: string
}
