/** The temperature of a city. */
export interface Reading {
  readonly city: string
  readonly celsius: number
}
