import type { Facts, Sample } from './result.js'

/** A measurement that every contestant runs once per round. */
export interface Row<Setup> {
  readonly title: string
  readonly facts: Facts
  /** Measures once. */
  readonly measure: (setup: Setup, contestant: string) => Promise<Sample>
  /** The estimated seconds of one measurement, for the display of the remaining time. */
  readonly seconds: number
  /** Contestants that do not take part in the row. */
  readonly excluded?: readonly string[]
}

/** Rows that are measured on the same processes, with one setup per contestant. */
export interface Scenario<Setup> {
  readonly section: string
  readonly about: string
  readonly contestants: readonly string[]
  readonly rows: readonly Row<Setup>[]
  /**
   * Whether all rows are measured in the same rounds, because they are compared with each other.
   *
   * @defaultValue false
   */
  readonly isInterleaved?: boolean
  readonly start: (contestant: string) => Promise<Setup>
  /** Warms up a new setup; a setup that fails is stopped. */
  readonly warm?: (setup: Setup) => Promise<unknown>
  readonly stop: (setup: Setup) => Promise<void>
}

/** A scenario with a setup of any type. */
export type AnyScenario = Scenario<unknown>

/** Returns a scenario without the type of its setup. */
export function scenario<Setup>(options: Scenario<Setup>): AnyScenario {
  return options as AnyScenario
}

/** Returns the contestants of a row. */
export function contestantsOf<Setup>(
  { contestants }: Scenario<Setup>,
  { excluded = [] }: Row<Setup>,
): string[] {
  return contestants.filter((name) => !excluded.includes(name))
}
