/** What a thermometer says of a city. */
export interface Reading {
  readonly city: string
  readonly celsius: number
}
